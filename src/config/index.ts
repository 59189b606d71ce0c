/** Schema, loading, defaults. */
export { configSchema, type GatewayConfig } from './schema.js';
export type { IssuerConfig } from './issuer-schema.js';
export type { ProfileConfig } from './profile-schema.js';
export type { SecretReference } from './secret.js';
