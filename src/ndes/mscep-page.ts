/** What a browser sees at `/certsrv/mscep/mscep.dll`, where devices send their requests. */
import { ndesPage } from './page-frame.js';

/** @param adminUrl where the password page is; absolute when the public URL is known */
export function mscepPage(adminUrl: string): string {
  return ndesPage(
    '<P> This URL is used by network devices to submit certificate requests. ' +
      '<P> To obtain an enrollment challenge password, go to the admin URL. ' +
      `By default, the admin URL is ${escapeHtml(adminUrl)} </P>`,
  );
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
