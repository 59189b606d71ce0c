/** Native libraries through the optional package koffi: the only place that knows it. */
export { Arena } from './arena.js';
export { loadFfi, type Address, type Ffi, type NativeFunction } from './ffi.js';
