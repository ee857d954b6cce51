-- Takes a step of a session unless somebody else has: 1, else 0. Redis runs it by itself, so it is all or nothing.
-- KEYS: the session; of a queue, also the stream of outputs.
-- ARGV: position before and after, snapshot, digest of the request, reply, seconds to live; of a queue, also the name.
if redis.call("HGET", KEYS[1], "position") ~= ARGV[1] then return 0 end
redis.call("HSET", KEYS[1], "position", ARGV[2], "snapshot", ARGV[3], "digest", ARGV[4], "reply", ARGV[5])
redis.call("EXPIRE", KEYS[1], ARGV[6])
if KEYS[2] then redis.call("XADD", KEYS[2], "*", "session", ARGV[7], "reply", ARGV[5]) end
return 1
