import type { Client } from 'ldapts';
import { GatewayError } from '../errors/index.js';
import { accountAttributes, readAccountEntry, textOf, type AccountEntry } from './account-entry.js';
import { bindRefusal } from './bind-refusal.js';
import { parseDirectoryName } from './directory-name.js';
import type {
  Directory,
  DirectoryName,
  DirectoryOptions,
  DirectoryOutcome,
  DirectoryReport,
} from './directory.types.js';
import { groupDn, isMember } from './group-membership.js';
import { createLdapServers } from './ldap-servers.js';

type Refusal = Extract<DirectoryOutcome, { readonly kind: 'refused' }>;

const silent: DirectoryReport = () => undefined;

export function createDirectory(options: DirectoryOptions): Directory {
  const { baseDn, dnsDomain, domain, service, clock } = options;
  const servers = createLdapServers(options);

  async function signIn(
    name: DirectoryName,
    password: string,
    report: DirectoryReport = silent,
  ): Promise<DirectoryOutcome> {
    // A bind without a password is an anonymous one, and succeeds (RFC 4513 §5.1.2).
    if (password === '') return bindRefusal('');
    return servers.withConnection(async (client) => {
      const refusal = await bind(client, name.bindName, password, report);
      return refusal ?? (await read(client, name, report));
    }, report);
  }

  async function lookUp(
    name: DirectoryName,
    report: DirectoryReport = silent,
  ): Promise<DirectoryOutcome> {
    if (!service) throw noService('There is no service account for the directory.');
    const own = parseDirectoryName(service.account, options);
    const password = await service.password();
    if (!own || password === '') throw noService('The service account cannot be used.');
    return servers.withConnection(async (client) => {
      const refusal = await bind(client, own.bindName, password, report);
      if (refusal) {
        throw noService('The directory refuses the service account.', refusal.reason);
      }
      return read(client, name, report);
    }, report);
  }

  async function read(
    client: Client,
    name: DirectoryName,
    report: DirectoryReport,
  ): Promise<DirectoryOutcome> {
    const entry = await findAccount(client, name);
    if (!entry) {
      const reason = `No account ${name.bindName} below ${baseDn}.`;
      report({ step: 'account', ok: false, text: reason });
      return { kind: 'refused', why: 'unknown', reason };
    }
    if (entry.fault !== undefined) {
      report({ step: 'account', ok: false, text: `${entry.dn}: ${entry.fault}` });
      return { kind: 'refused', why: 'account', reason: entry.fault };
    }
    report({ step: 'account', ok: true, text: entry.dn });
    const groups: string[] = [];
    for (const group of options.groups) {
      const dn = await groupDn(client, baseDn, group);
      const member = dn !== undefined && (await isMember(client, entry.dn, dn));
      report({ step: 'group', ok: member, text: groupText(group, dn, member) });
      if (member) groups.push(group);
    }
    return { kind: 'user', user: { account: `${entry.name}@${dnsDomain.toLowerCase()}`, groups } };
  }

  /** As AD itself does: a user principal name that is set counts before one that follows from the name. */
  async function findAccount(
    client: Client,
    { user, userPrincipalName }: DirectoryName,
  ): Promise<AccountEntry | undefined> {
    const { AndFilter, EqualityFilter, OrFilter } = await import('ldapts');
    const names = [
      ...(userPrincipalName === undefined
        ? []
        : [new EqualityFilter({ attribute: 'userPrincipalName', value: userPrincipalName })]),
      ...(userPrincipalName === undefined ||
      userPrincipalName === `${user}@${dnsDomain.toLowerCase()}`
        ? [new EqualityFilter({ attribute: 'sAMAccountName', value: user })]
        : []),
    ];
    const { searchEntries } = await client.search(baseDn, {
      scope: 'sub',
      filter: new AndFilter({
        filters: [
          new EqualityFilter({ attribute: 'objectClass', value: 'user' }),
          new OrFilter({ filters: names }),
        ],
      }),
      attributes: accountAttributes,
      sizeLimit: 4,
    });
    const set = searchEntries.filter(
      (entry) => textOf(entry['userPrincipalName'])?.toLowerCase() === userPrincipalName,
    );
    const candidates = userPrincipalName !== undefined && set.length > 0 ? set : searchEntries;
    const [only] = candidates;
    if (candidates.length > 1) {
      throw new GatewayError('directory.unavailable', 'An account of the directory is not unique.');
    }
    return only && readAccountEntry(only, clock());
  }

  return {
    parseName: (typed) => parseDirectoryName(typed, { ...options, domain }),
    signIn,
    lookUp,
  };
}

/** Undefined when the bind succeeded. */
async function bind(
  client: Client,
  name: string,
  password: string,
  report: DirectoryReport,
): Promise<Refusal | undefined> {
  try {
    await client.bind(name, password);
    report({ step: 'bind', ok: true, text: `as ${name}` });
    return undefined;
  } catch (error) {
    const { InvalidCredentialsError } = await import('ldapts');
    if (!(error instanceof InvalidCredentialsError)) throw error;
    const refusal = bindRefusal(error.message);
    report({ step: 'bind', ok: false, text: `as ${name}: ${refusal.reason}` });
    return refusal;
  }
}

function groupText(group: string, dn: string | undefined, member: boolean): string {
  if (dn === undefined) return `${group}: there is no such group, or the account may not see it`;
  return member ? `${group}: yes` : `${group}: no`;
}

function noService(message: string, detail?: string): GatewayError {
  return new GatewayError('directory.unavailable', message, {
    mend: 'See `directory.service`.',
    ...(detail !== undefined && { detail }),
  });
}
