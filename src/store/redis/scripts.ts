/**
 * What the server does at once, in Lua: no other command comes between. Commands are those of Redis 6.0, which
 * Valkey has, too. Keys are made from the prefix, so all of them must be on one server.
 *
 * - `challenge:<id>`, a hash: the record as text (`''` where there is none), `used` (when a use was last
 *   taken), `reserved` (uses that are neither spent nor given back), `lasting`, `seq`, `hold:<transaction>`
 *   for who has one, and `touched:<transaction>` for when one that is reserved was asked for last (earlier
 *   releases did not write it, and may work beside this one). What counts is in one key: a server that drops
 *   keys for want of memory forgets a challenge as a whole, and never that it was spent.
 * - `digest:<digest>`, `all`, `account:<account>`: ids by age. `all` has `<length>:<account><id>`.
 * - `open:<account>`: ids that have a place in the quota, by their end.
 * - `spent:<id>:<transaction>`: who spent a use of a challenge without limit, for a time; each enrollment
 *   would leave one in the challenge for ever.
 */
import { createHash } from 'node:crypto';

/** Longer than `prune` waits: it takes the places in the indexes away, too, which time alone does not. */
const KEPT_AFTER_EXPIRY_MS = 48 * 3600 * 1000;
const SPENT_KEPT_MS = 31 * 24 * 3600 * 1000;

export interface RedisScript {
  readonly text: string;
  /** As EVALSHA wants it. */
  readonly hash: string;
}

const common = `
local p = KEYS[1]
local function key(id) return p .. 'challenge:' .. id end
local function member(account, id) return #account .. ':' .. account .. id end
local function parted(text)
  local length, rest = string.match(text, '^(%d+):(.*)$')
  return string.sub(rest, 1, tonumber(length)), string.sub(rest, tonumber(length) + 1)
end
local function find(id)
  local v = redis.call('HMGET', key(id), 'digest', 'account', 'binding', 'created', 'expires', 'max',
    'uses', 'revoked', 'used', 'reserved', 'lasting', 'seq')
  if not v[1] then return nil end
  return {id = id, digest = v[1], account = v[2], binding = v[3], created = v[4], expires = v[5],
    max = v[6], uses = tonumber(v[7]), revoked = v[8], used = v[9], reserved = tonumber(v[10]),
    lasting = v[11], seq = v[12]}
end
local function row(c)
  return {c.id, c.digest, c.account, c.binding, c.created, c.expires, c.max, tostring(c.uses), c.revoked}
end
local function usedUp(c) return c.max ~= '' and c.uses >= tonumber(c.max) end
local function state(c, now)
  if c.revoked ~= '' then return 'revoked' end
  if usedUp(c) then return 'used' end
  if c.expires ~= '' and tonumber(c.expires) <= now then return 'expired' end
  return 'open'
end
local function place(c)
  if c.revoked == '' and not usedUp(c) then
    redis.call('ZADD', p .. 'open:' .. c.account, c.expires == '' and '+inf' or c.expires, c.id)
  else
    redis.call('ZREM', p .. 'open:' .. c.account, c.id)
  end
end
local function live(c)
  local keys = {key(c.id), p .. 'digest:' .. c.digest}
  local passes = c.expires ~= '' and c.lasting == '' and c.reserved == 0
  for _, k in ipairs(keys) do
    if passes then
      local validity = math.max(tonumber(c.expires) - tonumber(c.created), 0)
      redis.call('PEXPIRE', k, string.format('%.0f', validity + ${KEPT_AFTER_EXPIRY_MS}))
    else
      redis.call('PERSIST', k)
    end
  end
end
local function enter(c)
  redis.call('ZADD', p .. 'digest:' .. c.digest, c.seq, c.id)
  redis.call('ZADD', p .. 'all', c.seq, member(c.account, c.id))
  redis.call('ZADD', p .. 'account:' .. c.account, c.seq, c.id)
  place(c)
  live(c)
end
local function leave(account, id)
  redis.call('ZREM', p .. 'all', member(account, id))
  redis.call('ZREM', p .. 'account:' .. account, id)
  redis.call('ZREM', p .. 'open:' .. account, id)
end
local function giveBack(c, transaction)
  local hold = 'hold:' .. transaction
  if redis.call('HGET', key(c.id), hold) ~= 'reserved' then return false end
  c.uses, c.reserved = c.uses - 1, c.reserved - 1
  redis.call('HDEL', key(c.id), hold, 'touched:' .. transaction)
  redis.call('HSET', key(c.id), 'uses', c.uses, 'reserved', c.reserved)
  place(c)
  live(c)
  return true
end
local function idle(c, touched, before)
  local last = touched or c.used
  return c.max ~= '' and last ~= '' and tonumber(last) < before
end
local function write(a, first, lasting)
  local c = {id = a[first], digest = a[first + 1], account = a[first + 2], binding = a[first + 3],
    created = a[first + 4], expires = a[first + 5], max = a[first + 6], uses = tonumber(a[first + 7]),
    revoked = a[first + 8], used = '', reserved = 0, lasting = lasting}
  local former = find(c.id)
  if former then
    c.uses, c.used, c.reserved, c.seq = former.uses, former.used, former.reserved, former.seq
    redis.call('ZREM', p .. 'digest:' .. former.digest, c.id)
    leave(former.account, c.id)
  else
    c.seq = string.format('%.0f', redis.call('INCR', p .. 'seq'))
  end
  redis.call('HSET', key(c.id), 'digest', c.digest, 'account', c.account, 'binding', c.binding,
    'created', c.created, 'expires', c.expires, 'max', c.max, 'uses', c.uses, 'revoked', c.revoked,
    'used', c.used, 'reserved', c.reserved, 'lasting', c.lasting, 'seq', c.seq)
  enter(c)
end
`;

/** Who the challenges belong to and how they are written. owner, schema → what stands there. */
export const claim = script(`
redis.call('HSETNX', p .. 'store', 'owner', ARGV[1])
redis.call('HSETNX', p .. 'store', 'schema', ARGV[2])
return redis.call('HMGET', p .. 'store', 'owner', 'schema')`);

/** Something that needs memory, the disk and the primary. now */
export const touch = script(`
redis.call('HSET', p .. 'store', 'looked', ARGV[1])
return 'ok'`);

/** quota, created, record … → added, full or exists. Expired ones give their places up when they are wanted. */
export const add = script(`
local quota, places = tonumber(ARGV[1]), p .. 'open:' .. ARGV[5]
if quota <= 0 then return 'full' end
if redis.call('ZCARD', places) >= quota then
  redis.call('ZREMRANGEBYSCORE', places, '-inf', ARGV[2])
  if redis.call('ZCARD', places) >= quota then return 'full' end
end
if redis.call('EXISTS', key(ARGV[3])) == 1 then return 'exists' end
write(ARGV, 3, '')
return 'added'`);

/** record … */
export const put = script(`
write(ARGV, 1, '1')
return 'ok'`);

/** id → record or none */
export const find = script(`
local c = find(ARGV[1])
return c and row(c)`);

/** digest → record or none */
export const findByDigest = script(`
local newest
for _, id in ipairs(redis.call('ZREVRANGE', p .. 'digest:' .. ARGV[1], 0, -1)) do
  local c = find(id)
  if c and c.revoked == '' then return row(c) end
  newest = newest or c
end
return newest and row(newest)`);

/** id, transaction, now → reserved, held or why not */
export const reserve = script(`
local c, hold = find(ARGV[1]), 'hold:' .. ARGV[2]
if not c then return 'unknown' end
if redis.call('HGET', key(c.id), hold) == 'reserved' then
  redis.call('HSET', key(c.id), 'used', ARGV[3], 'touched:' .. ARGV[2], ARGV[3])
  return 'held'
end
local state = state(c, tonumber(ARGV[3]))
if state ~= 'open' then return state end
c.uses, c.reserved = c.uses + 1, c.reserved + 1
redis.call('HSET', key(c.id), 'uses', c.uses, 'reserved', c.reserved, 'used', ARGV[3], hold, 'reserved',
  'touched:' .. ARGV[2], ARGV[3])
place(c)
live(c)
return 'reserved'`);

/** id, transaction → 1 or 0 */
export const isHeld = script(`
local held = redis.call('HEXISTS', key(ARGV[1]), 'hold:' .. ARGV[2]) == 1
  or redis.call('EXISTS', p .. 'spent:' .. ARGV[1] .. ':' .. ARGV[2]) == 1
return held and 1 or 0`);

/** id, transaction */
export const confirm = script(`
local c, hold = find(ARGV[1]), 'hold:' .. ARGV[2]
if not c or redis.call('HGET', key(c.id), hold) ~= 'reserved' then return 'none' end
c.reserved = c.reserved - 1
redis.call('HSET', key(c.id), 'reserved', c.reserved)
redis.call('HDEL', key(c.id), 'touched:' .. ARGV[2])
if c.max == '' then
  redis.call('HDEL', key(c.id), hold)
  redis.call('SET', p .. 'spent:' .. c.id .. ':' .. ARGV[2], '1', 'PX', '${SPENT_KEPT_MS}')
else
  redis.call('HSET', key(c.id), hold, 'spent')
end
live(c)
return 'ok'`);

/** id, transaction */
export const release = script(`
local c = find(ARGV[1])
return c and giveBack(c, ARGV[2]) and 'ok' or 'none'`);

/** id, transaction, before → 1 or 0 */
export const reclaim = script(`
local c = find(ARGV[1])
local touched = c and redis.call('HGET', key(c.id), 'touched:' .. ARGV[2])
return c and idle(c, touched, tonumber(ARGV[3])) and giveBack(c, ARGV[2]) and 1 or 0`);

/**
 * A part of what is reserved and idle. before, after which age, how many to look at → the next age or `''`,
 * then id, created, transaction and when it was touched, or `''`, of each
 */
export const idleReservations = script(`
local found = redis.call('ZRANGEBYSCORE', p .. 'all', ARGV[2], '+inf', 'WITHSCORES', 'LIMIT', 0, ARGV[3])
local rows = {#found == 2 * tonumber(ARGV[3]) and '(' .. found[#found] or ''}
for i = 1, #found, 2 do
  local _, id = parted(found[i])
  local c = find(id)
  if c and c.max ~= '' and c.reserved > 0 then
    local fields, values = redis.call('HGETALL', key(id)), {}
    for f = 1, #fields, 2 do values[fields[f]] = fields[f + 1] end
    for f = 1, #fields, 2 do
      local transaction = string.match(fields[f], '^hold:(.*)$')
      local last = transaction and values['touched:' .. transaction]
      if transaction and fields[f + 1] == 'reserved' and idle(c, last, tonumber(ARGV[1])) then
        rows[#rows + 1] = {id, c.created, transaction, last or ''}
      end
    end
  end
end
return rows`);

/** id, now → 1 or 0 */
export const revoke = script(`
local c = find(ARGV[1])
if not c then return 0 end
if c.revoked == '' then
  c.revoked = ARGV[2]
  redis.call('HSET', key(c.id), 'revoked', c.revoked)
  place(c)
end
return 1`);

/**
 * A part of a list. account, or `''`; state, or `''`; now; before which age, `+inf` at first; how many to look
 * at; how many to give → the next age or `''`, then records, newest first
 */
export const page = script(`
local index = ARGV[1] == '' and 'all' or 'account:' .. ARGV[1]
local found = redis.call('ZREVRANGEBYSCORE', p .. index, ARGV[4], '-inf', 'WITHSCORES', 'LIMIT', 0, ARGV[5])
local rows = {''}
for i = 1, #found, 2 do
  local id = found[i]
  if ARGV[1] == '' then local _; _, id = parted(id) end
  local c = find(id)
  if c and (ARGV[2] == '' or state(c, tonumber(ARGV[3])) == ARGV[2]) then
    rows[#rows + 1] = row(c)
    if #rows > tonumber(ARGV[6]) then return rows end
  end
end
if #found == 2 * tonumber(ARGV[5]) then rows[1] = '(' .. found[#found] end
return rows`);

/** A part of the count. now, before which age, how many to look at → the next age or `''`, then the counts */
export const count = script(`
local found = redis.call('ZREVRANGEBYSCORE', p .. 'all', ARGV[2], '-inf', 'WITHSCORES', 'LIMIT', 0, ARGV[3])
local counts = {open = 0, used = 0, expired = 0, revoked = 0}
for i = 1, #found, 2 do
  local _, id = parted(found[i])
  local c = find(id)
  if c then
    local s = state(c, tonumber(ARGV[1]))
    counts[s] = counts[s] + 1
  end
end
local following = #found == 2 * tonumber(ARGV[3]) and '(' .. found[#found] or ''
return {following, counts.open, counts.used, counts.expired, counts.revoked}`);

/** A part of the pruning. before, after which age, how many to look at → the next age or `''`, how many went */
export const prune = script(`
local found = redis.call('ZRANGEBYSCORE', p .. 'all', ARGV[2], '+inf', 'WITHSCORES', 'LIMIT', 0, ARGV[3])
local before, gone = tonumber(ARGV[1]), 0
for i = 1, #found, 2 do
  local account, id = parted(found[i])
  local c = find(id)
  if not c then
    leave(account, id)
  elseif c.lasting == '' and c.reserved == 0 and (c.expires ~= '' and tonumber(c.expires) < before
      or usedUp(c) and c.used ~= '' and tonumber(c.used) < before) then
    redis.call('DEL', key(id))
    redis.call('ZREM', p .. 'digest:' .. c.digest, id)
    leave(account, id)
    gone = gone + 1
  end
end
return {#found == 2 * tonumber(ARGV[3]) and '(' .. found[#found] or '', gone}`);

function script(work: string): RedisScript {
  const text = `${common}${work}\n`;
  return { text, hash: createHash('sha1').update(text).digest('hex') };
}
