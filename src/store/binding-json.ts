import type { ChallengeBinding } from './challenge-store.js';

export function bindingToJson(binding: ChallengeBinding): string {
  return JSON.stringify(binding);
}

/** @throws RangeError when a member has another shape: a constraint must never get lost on the way */
export function bindingFromJson(json: string): ChallengeBinding {
  const value: unknown = JSON.parse(json);
  if (typeof value !== 'object' || value === null) throw new RangeError('a binding is an object');
  const binding: Record<string, string | readonly string[]> = {};
  for (const [name, member] of Object.entries(value)) {
    if (!isMember(name, member)) throw new RangeError(`no such binding: ${name}`);
    binding[name] = member;
  }
  return binding;
}

function isMember(name: string, member: unknown): member is string | readonly string[] {
  if (name === 'san' || name === 'device')
    return Array.isArray(member) && member.every((entry) => typeof entry === 'string');
  return (
    ['profile', 'subject', 'key', 'requester', 'sid'].includes(name) && typeof member === 'string'
  );
}
