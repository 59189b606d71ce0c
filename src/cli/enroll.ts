import { Command, Option } from 'commander';
import { collect, wholeNumber } from './option.js';
import { keyTypes } from './private-key.js';
import {
  cipherChoices,
  digestChoices,
  oaepChoices,
  type EnrollFlags,
} from './enroll/enroll-flags.js';

export function enrollCommand(): Command {
  return new Command('enroll')
    .description('A SCEP client: get a certificate, renew it, poll for it; ask for CRL and CA.')
    .option('--url <url>', 'of the SCEP profile, such as http://127.0.0.1:8080/scep')
    .option('--subject <name>', 'such as "CN=device-7,O=Example"')
    .option('--san <entry>', 'dns:host, email:a@b, upn:u@d, uri:…, ip:…; repeat for more', collect)
    .option('--challenge <text>', 'the challenge password (others see it in the process list)')
    .option('--challenge-file <file>', 'a file with the challenge password; - is standard input')
    .option('--key <file>', 'private key, PEM; made there if it is absent (default: <CN>.key)')
    .addOption(
      new Option('--key-type <type>', 'of a key that is made (default: rsa:2048)').choices(
        keyTypes,
      ),
    )
    .option('--passphrase-file <file>', 'passphrase of encrypted key files')
    .option('--csr <file>', 'send this CSR, PEM or DER, instead of making one')
    .option('--key-usage <list>', 'ask for these, such as digitalSignature,keyEncipherment')
    .option('--eku <list>', 'ask for these: clientAuth, serverAuth, emailProtection or OIDs')
    .option('--out <file>', 'where the certificate goes, PEM (default: standard output)')
    .option('--chain <file>', 'where the CA certificates go, PEM')
    .option(
      '--fingerprint <hex>',
      'of the CA: SHA-256, SHA-1 or MD5; anything else is not believed',
    )
    .option('--identifier <text>', 'CA identifier, for servers with several CAs')
    .addOption(new Option('--digest <name>', 'of the signature').choices(digestChoices))
    .addOption(new Option('--cipher <name>', 'of the envelope').choices(cipherChoices))
    .addOption(
      new Option('--oaep [digest]', 'RSAES-OAEP instead of PKCS#1 v1.5')
        .choices(oaepChoices)
        .preset('sha256'),
    )
    .addOption(new Option('--method <method>', 'of PKIOperation').choices(['get', 'post']))
    .option('--wait <seconds>', 'poll so long while it is pending', wholeNumber(0, 31_536_000), 0)
    .option('--interval <seconds>', 'between polls', wholeNumber(1, 86_400), 10)
    .option('--poll', 'ask for the certificate of an earlier request that was pending')
    .option('--renew', 'renew --cert, signed with --key (RenewalReq)')
    .option('--cert <file>', 'the certificate to renew, or to ask with')
    .option('--new-key <file>', 'key of the renewed certificate; made there if it is absent')
    .option('--pkcsreq', 'renew with PKCSReq, for servers without RenewalReq')
    .option('--get-ca', 'print the CA and RA certificates and what the server can do')
    .option('--get-cert <serial>', 'print the certificate with this serial, hex')
    .option('--get-crl', 'print the CRL of the CA, or of the issuer of --cert')
    .option('--get-next-ca', 'print the CA that takes over')
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      `
Exit codes: 0 issued, 1 refused, 2 the command was wrong, 4 pending or unreachable.
A pending request leaves <key>.pending.json beside the key, which --poll takes up.

Examples:
  scep-gateway challenge new | scep-gateway enroll --url http://127.0.0.1:8080/scep \\
    --subject CN=device-7 --challenge-file - --key device-7.key --out device-7.pem
  scep-gateway enroll --url … --renew --cert device-7.pem --key device-7.key --out device-7.pem
  scep-gateway enroll --url … --subject CN=device-8 --key-type ec:P-256 --challenge-file c.txt
  scep-gateway enroll --url … --csr device-9.csr --key device-9.key --wait 600
  scep-gateway enroll --poll --key device-9.key --out device-9.pem
  scep-gateway enroll --url … --get-ca
  scep-gateway enroll --url … --get-crl --out ca.crl.pem`,
    )
    .action(async (flags: EnrollFlags) => {
      const { runEnroll } = await import('./enroll/run.js');
      process.exitCode = await runEnroll(flags);
    });
}
