import type { HttpDeps } from './http.types.js';

/** The plain page at `/`: where what is. Names no version and no secret. */
export function overview({ profiles, publicUrl = '' }: Pick<HttpDeps, 'profiles' | 'publicUrl'>) {
  const lines = [
    'SCEP gateway',
    '',
    ...profiles.flatMap(({ name, paths }) =>
      paths.map((path) => `SCEP, profile ${name}: ${publicUrl}${path}`),
    ),
    `Challenge passwords: ${publicUrl}/certsrv/mscep_admin/`,
    `Challenges as JSON: ${publicUrl}/api/v1/challenges`,
  ];
  return `${lines.join('\n')}\n`;
}
