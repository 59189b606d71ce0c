/** Writes docs/configuration.md from the schema of the built gateway (`npm run build` first). */
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describeConfig } from '../dist/config/index.js';

const page = fileURLToPath(new URL('../docs/configuration.md', import.meta.url));
writeFileSync(page, describeConfig());
