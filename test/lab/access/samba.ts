import { labFile } from '../in-lab.js';
import { run } from '../run.js';

/** `samba-tool` on the domain's database; throws unless it succeeds. */
export async function samba(...order: readonly string[]): Promise<void> {
  const { status, errors } = await run('samba-tool', [
    ...order,
    '-H',
    labFile('dc/private/sam.ldb'),
    '-s',
    labFile('dc/etc/smb.conf'),
  ]);
  if (status !== 0) throw new Error(errors);
}
