export * from './backend.ts';
export { createMatcher } from './match.ts';
export { instanceOf, type Places, placesOf } from './places.ts';
export { NATIVE, type Route, type RouteTable } from './routes.ts';
export { type ServeOptions, type Server, serve } from './server.ts';
export { decodeChunks, decodeFrames, encodeFrame } from './stdcopy.ts';
