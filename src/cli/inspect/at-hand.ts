/** The data directory, where there is one: RA keys, challenges, policy and records. Read, never changed. */
import { loadConfig, type ProfileConfig, type ResolvedConfig } from '../../config/index.js';
import { GatewayError, isGatewayError } from '../../errors/index.js';
import {
  defaultProfile,
  openDataDirectory,
  openInstallation,
  wasStarted,
  type DataDirectory,
} from '../../gateway/index.js';
import type { Authority } from '../../issuer/index.js';
import type { RecipientKey } from '../../pkcs7/index.js';
import type { Certificate } from '../../x509/index.js';
import type { InspectFlags } from './inspect-flags.js';

export interface AtHand {
  readonly profileName: string;
  readonly profile: ProfileConfig;
  readonly authority: Authority;
  readonly data: DataDirectory;
  /** Keys that open requests of the profile. */
  readonly recipients: readonly RecipientKey[];
  /** CA and RA certificates, of every issuer. */
  readonly certificates: readonly Certificate[];
}

export type AtHandOutcome =
  | { readonly kind: 'open'; readonly atHand: AtHand; readonly close: () => Promise<void> }
  | { readonly kind: 'none'; readonly reason: string };

/** @throws GatewayError `cli.usage` for a --profile that does not exist */
export async function openAtHand(
  { data, profile }: InspectFlags,
  urlPath: string | undefined,
): Promise<AtHandOutcome> {
  if (!data) return none('--no-data: the data directory was not looked at');
  const resolved = await loadConfig({ environment: process.env }).catch(foreseen);
  if (isGatewayError(resolved))
    return none(`the configuration cannot be used: ${resolved.message}`);
  const { directory } = resolved.config.data;
  if (!(await holdsGateway(resolved))) return none(`there is no gateway in ${directory}`);
  // Opened as it is: the password of the environment is for the gateway.
  const installation = await openInstallation({ ...resolved, adminPassword: undefined }).catch(
    foreseen,
  );
  if (isGatewayError(installation)) {
    return none(`the data directory ${directory} cannot be opened: ${installation.message}`);
  }
  const profileName = chooseProfile(resolved, profile, urlPath);
  const found = resolved.config.profiles[profileName];
  const authority = found && installation.authorities.get(found.issuer);
  if (found && installation.upstreams.get(found.issuer)?.config.mode === 'relay') {
    await installation.close();
    return none(`profile ${profileName} relays its messages: the server behind it has the keys`);
  }
  if (!found || !authority) {
    await installation.close();
    throw new GatewayError('cli.usage', `There is no profile ${profileName}.`, {
      mend: `Profiles: ${Object.keys(resolved.config.profiles).join(', ')}`,
    });
  }
  const ra = authority.registrationAuthority(found.caCertShape === 'ca-only' ? 'ca' : 'ra');
  const all = [...installation.authorities.values()];
  return {
    kind: 'open',
    atHand: {
      profileName,
      profile: found,
      authority,
      data: installation.data,
      recipients: ra.decryption,
      certificates: all.flatMap((each) => [
        ...each.issuer.chain,
        ...each.knownCas,
        ...each.registrationAuthority('ra').certificates,
      ]),
    },
    close: () => installation.close(),
  };
}

/** Founded and complete: `inspect` makes no CA. */
async function holdsGateway(resolved: ResolvedConfig): Promise<boolean> {
  const started = await wasStarted(resolved).catch(foreseen);
  if (started === false) return false;
  const data = await openDataDirectory(resolved, () => new Date()).catch(foreseen);
  // Whatever keeps it closed is told by whoever opens it next.
  if (isGatewayError(data)) return true;
  try {
    return (await data.settings.account('admin')) !== undefined;
  } finally {
    await data.close();
  }
}

function chooseProfile(
  { config }: ResolvedConfig,
  wanted: string | undefined,
  urlPath: string | undefined,
): string {
  const path = urlPath?.toLowerCase().replace(/\/pkiclient\.exe$|\/$/, '');
  const byPath = Object.entries(config.profiles).find(([, { paths }]) =>
    paths.some((each) => each.toLowerCase().replace(/\/$/, '') === path),
  );
  return wanted ?? byPath?.[0] ?? defaultProfile(config) ?? '';
}

function none(reason: string): AtHandOutcome {
  return { kind: 'none', reason };
}

function foreseen(error: unknown): GatewayError {
  if (isGatewayError(error)) return error;
  throw error;
}
