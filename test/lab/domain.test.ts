import { expect, test } from '@jest/globals';
import { describeInLab, labFile } from './in-lab.js';
import { run } from './run.js';

describeInLab('the domain LAB.TEST', () => {
  test('gives a ticket for the right password, and none for a wrong one or a disabled account', async () => {
    const environment = { KRB5CCNAME: 'MEMORY:' };
    const kinit = async (account: string, password: string) =>
      run('kinit', [account], { input: `${password}\n`, environment });
    expect(await kinit('mdm', 'Mdm-Passw0rd!')).toMatchObject({ status: 0 });
    expect(await kinit('reader', 'wrong')).toMatchObject({
      status: 1,
      errors: expect.stringContaining('Password incorrect') as unknown,
    });
    expect(await kinit('disabled', 'Disabled-Passw0rd!')).toMatchObject({
      status: 1,
      errors: expect.stringContaining('revoked') as unknown,
    });
  });

  test('has LDAPS with a certificate of its own CA', async () => {
    const options = ['-connect', 'dc1.lab.test:636', '-verify_hostname', 'dc1.lab.test'];
    const { output } = await run('openssl', [
      ...['s_client', '-brief', '-verify_return_error', '-CAfile', labFile('pki/ca.pem')],
      ...options,
    ]).then(({ output, errors }) => ({ output: output + errors }));
    expect(output).toContain('Verification: OK');
  });

  test('locks an account after five wrong passwords, and has AES keys in its keytabs', async () => {
    const { output } = await run('samba-tool', [
      ...['domain', 'passwordsettings', 'show', '-s', labFile('dc/etc/smb.conf')],
    ]);
    expect(output).toContain('Account lockout threshold (attempts): 5');
    const keytab = await run('klist', ['-ek', labFile('gateway.keytab')]);
    expect(keytab.output).toContain('HTTP/gateway.lab.test@LAB.TEST (aes256-cts-hmac-sha1-96)');
  });

  test('judges NTLM through winbindd', async () => {
    const judge = async (password: string) =>
      run('ntlm_auth', [
        `--configfile=${labFile('dc/etc/smb.conf')}`,
        ...['--username=mdm', '--domain=LAB', `--password=${password}`],
      ]);
    expect((await judge('Mdm-Passw0rd!')).status).toBe(0);
    expect((await judge('wrong')).status).toBe(1);
  });
});
