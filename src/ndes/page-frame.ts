/**
 * The frame round every NDES page. Word for word: MDMs find the password by the literal markup, so
 * nothing here is ours to improve (the meta tag, too, says UTF-8 where the bytes are UTF-16LE).
 */
export function ndesPage(body: string): string {
  return `${head}${body}${foot}`;
}

const head =
  '<HTML><Head><Meta HTTP-Equiv="Content-Type" Content="text/html; charset=UTF-8">' +
  '<Title>Network Device Enrollment Service</Title></Head><Body BgColor=#FFFFFF>' +
  '<Font ID=locPageFont Face="Arial">' +
  '<Table Border=0 CellSpacing=0 CellPadding=4 Width=100% BgColor=#008080><TR><TD>' +
  '<Font ID=locPageTitleFont Face="Arial" Size=-1 Color=#FFFFFF>' +
  '<LocID ID=locMSCertSrv>Network Device Enrollment Service</LocID></Font></TD></TR></Table>' +
  '<P ID=locPageTitle> Network Device Enrollment Service allows you to obtain certificates for ' +
  'routers or other network devices using the Simple Certificate Enrollment Protocol (SCEP). </P>';

const foot =
  ' <P ID=locPageDesc> For more information see  ' +
  '<A HREF=http://go.microsoft.com/fwlink/?LinkId=67852>Using Network Device Enrollment Service </A>. ' +
  '</P></Font></Body></HTML>';

/**
 * UTF-16LE with a byte order mark: the one form every known client of the page can read. Without the
 * mark Fleet (2024) fails, in 8-bit text Zentral, Fleet (2024) and PSCertificateEnrollment do.
 */
export function encodePage(html: string): Buffer {
  return Buffer.from(`\uFEFF${html}`, 'utf16le');
}
