/** The page of `/certsrv/mscep_admin/`, in each of its states. All of them go out with status 200. */
import { ndesPage } from './page-frame.js';

export type AdminPageState =
  | {
      readonly kind: 'password';
      /** MD5 of the CA certificate, 32 hex digits. */
      readonly thumbprint: string;
      readonly password: string;
      readonly validityMinutes: number;
    }
  /** UseSinglePassword = 1. */
  | { readonly kind: 'single-password'; readonly thumbprint: string; readonly password: string }
  /** EnforcePassword = 0. */
  | { readonly kind: 'no-password'; readonly thumbprint: string }
  | { readonly kind: 'cache-full'; readonly limit: number }
  | { readonly kind: 'no-permission' };

export function adminPage(state: AdminPageState): string {
  return ndesPage(adminPageBody(state));
}

function adminPageBody(state: AdminPageState): string {
  switch (state.kind) {
    case 'password':
      return (
        thumbprintSentence(state.thumbprint) +
        passwordSentence(state.password) +
        `This password can be used only once and will expire within ${state.validityMinutes} minutes. ` +
        '<P> Each enrollment requires a new challenge password. ' +
        'You can refresh this web page to obtain a new challenge password. </P>'
      );
    case 'single-password':
      return (
        thumbprintSentence(state.thumbprint) +
        passwordSentence(state.password) +
        'This password can be used multiple times and will not expire. </P>'
      );
    case 'no-password':
      return `${thumbprintSentence(state.thumbprint)}</P>`;
    case 'cache-full':
      return (
        '<P> The password cache is full. ' +
        '<P> Network Device Enrollment Service stores unused password for later use. ' +
        'By default, passwords are stored for 60 minutes.' +
        '<P>Use one of the existing passwords. If you cannot use an existing password: <UL> ' +
        '<LI> Wait until one of the existing passwords expires. </LI> ' +
        '<LI> Restart Internet Information Services (IIS). </LI> ' +
        `<LI> Configure the service to cache more than ${state.limit} passwords. </LI> </UL> </P>`
      );
    case 'no-permission':
      return (
        '<P> You do not have sufficient permission to enroll with SCEP.  ' +
        'Please contact your system administrator. </P>'
      );
  }
}

/** The label, blanks and tags round the password are what every client anchors to. */
function passwordSentence(password: string): string {
  return `<P> The enrollment challenge password is: <B> ${password} </B> <P> `;
}

function thumbprintSentence(md5: string): string {
  return (
    '<P> To complete certificate enrollment for your network device you will need the following information: ' +
    `<P> The thumbprint (hash value) for the CA certificate is: <B> ${grouped(md5)} </B> `
  );
}

/** Four groups of eight: clients take the first 16 hex digits in a row for the password. */
function grouped(md5: string): string {
  return (md5.toUpperCase().match(/.{1,8}/g) ?? []).join(' ');
}
