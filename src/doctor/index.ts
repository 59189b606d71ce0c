/** `scep-gateway doctor`: a configuration against the real world, step by step. */
export { examine } from './doctor.js';
export type { Finding } from './finding.js';
export { explainFailure } from './known-failures.js';
export { systemWorld } from './system-world.js';
