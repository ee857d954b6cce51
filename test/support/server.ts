import { createServer, type RequestListener } from "node:http";
import { type AddressInfo } from "node:net";

/** Answers requests on a free port of this machine until it is closed. */
export async function serve(
  answer: RequestListener,
): Promise<{ readonly address: string; close(): void }> {
  const server = createServer(answer);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    address: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}
