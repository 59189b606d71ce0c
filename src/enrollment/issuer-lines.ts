import type { Issuer } from '../issuer/index.js';
import type { IssuerHealth } from './backlog.types.js';
import { IssuerCondition, IssuerLine, type IssuerLineOptions } from './issuer-line.js';
import type { EnrollmentProfile } from './profile.js';

/** Every issuer of every profile. Issuers of one name are one CA and share its condition. */
export class IssuerLines {
  readonly #conditions = new Map<string, IssuerCondition>();
  readonly #byProfile = new Map<string, readonly IssuerLine[]>();
  readonly #byName = new Map<string, IssuerLine>();

  constructor(profiles: readonly EnrollmentProfile[], options: IssuerLineOptions) {
    const lineOf = (issuer: Issuer) =>
      new IssuerLine(issuer, this.#condition(issuer, options), options.callMillis);
    for (const { name, issuer, standbys = [] } of profiles) {
      const lines = [issuer, ...standbys].map(lineOf);
      this.#byProfile.set(name, lines);
      for (const line of lines) this.#byName.set(line.name, line);
    }
  }

  /** In the order in which they are tried. */
  of(profile: EnrollmentProfile): readonly IssuerLine[] {
    const lines = this.#byProfile.get(profile.name) ?? [];
    return lines.filter((line) => reachesCaOf(profile, line));
  }

  /** Undefined when the profile has another issuer now, or none of that name. */
  find(profile: EnrollmentProfile, issuer: string): IssuerLine | undefined {
    const lines = this.#byProfile.get(profile.name) ?? [];
    return lines.find(({ name }) => name === issuer) ?? this.#byName.get(issuer);
  }

  all(): readonly IssuerLine[] {
    return [...this.#byName.values()];
  }

  health(): readonly IssuerHealth[] {
    return this.all()
      .filter(({ issuer }) => !issuer.inProcess)
      .map(({ health }) => health);
  }

  #condition(issuer: Issuer, options: IssuerLineOptions): IssuerCondition {
    const known = this.#conditions.get(issuer.name);
    if (known) return known;
    const condition = new IssuerCondition(issuer.name, options);
    this.#conditions.set(issuer.name, condition);
    return condition;
  }
}

/** A standby is used only once its CA certificate is known, and it is the CA that devices were told of. */
function reachesCaOf({ issuer }: EnrollmentProfile, line: IssuerLine): boolean {
  if (line.issuer === issuer) return true;
  const [ours, theirs] = [issuer.chain[0], line.issuer.chain[0]];
  return ours !== undefined && theirs !== undefined && ours.subject.matches(theirs.subject);
}

/** The one issuer works in this process: nothing has to be recorded before it is asked. */
export function isInProcess({ issuer, standbys = [] }: EnrollmentProfile): boolean {
  return issuer.inProcess === true && standbys.length === 0;
}
