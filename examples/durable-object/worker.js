/* global Response, URL */
export { Session } from "./session.js";

export default {
  fetch(request, { SESSIONS }) {
    const name = /^\/sessions\/([\w-]{1,64})$/.exec(new URL(request.url).pathname)?.[1];
    if (name) return SESSIONS.get(SESSIONS.idFromName(name)).fetch(request);
    const refusal = { code: "session-unknown", message: "Cannot answer: expected /sessions/NAME" };
    return Response.json(refusal, { status: 404 });
  },
};
