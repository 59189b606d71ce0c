/** The NDES face: its pages, word for word. */
export { adminPage, type AdminPageState } from './admin-page.js';
export { readAdminPage } from './admin-page-reader.js';
export { mscepPage } from './mscep-page.js';
export { encodePage } from './page-frame.js';
