/** Schema, loading, defaults, cross checks; what is wrong is said key by key, with the mend. */
export { checkConfig, type CheckedOutcome } from './check.js';
export { ConfigFault } from './config-fault.js';
export { describeConfig } from './describe.js';
export { loadConfig, type LoadConfigOptions, type ResolvedConfig } from './load.js';
export { ndesRegistryToConfig, type NdesImport } from './ndes-import.js';
export type { ConfigPath, ConfigProblem, FilePosition } from './problem.js';
export { resolveSecret, type SecretSources } from './resolve-secret.js';
export { configSchema, type GatewayConfig } from './schema.js';
export type { ConfigWarning } from './warnings.js';
export type { IssuerConfig } from './issuer-schema.js';
export type { ProfileConfig } from './profile-schema.js';
export type { SecretReference } from './secret.js';
