import { expect, test } from '@jest/globals';
import { mscepPage } from '../../src/ndes/index.js';

test('mscepPage points browsers to the admin page', () => {
  expect(mscepPage('http://ndes.example/CertSrv/mscep_admin')).toContain(
    'This URL is used by network devices to submit certificate requests. ' +
      '<P> To obtain an enrollment challenge password, go to the admin URL. ' +
      'By default, the admin URL is http://ndes.example/CertSrv/mscep_admin </P>',
  );
});

test('mscepPage lets no markup in', () => {
  expect(mscepPage('http://x/?a&b=<script>"\'')).toContain(
    'http://x/?a&#38;b=&#60;script&#62;&#34;&#39; </P>',
  );
});
