import type { Publications } from '../http/index.js';
import type { Authority } from '../issuer/index.js';
import type { Authorities } from './profiles.js';

/** CRLs and CA certificates of every authority, by the file name in their URL. */
export function publicationsOf(authorities: Authorities): Publications {
  const find = async (file: string, path: string): Promise<Buffer | undefined> => {
    const authority = owner(authorities, file);
    return (await authority?.published(path))?.body;
  };
  return {
    crl: (file) => find(file, `/crl/${file}.crl`),
    certificate: (file) => find(file, `/ca/${file}.cer`),
  };
}

/** `local.2` and `local.root` are files of the issuer `local`: no issuer name has a dot in it. */
function owner(authorities: Authorities, file: string): Authority | undefined {
  return authorities.get(file.split('.')[0] ?? file);
}
