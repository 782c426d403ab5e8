/** Deleted names: files called `.wh.NAME` in a layer (image-spec layer.md), devices 0:0 in an overlay's folder. */
export const WHITEOUT_PREFIX = '.wh.';
/** "Nothing of the layers below in this directory." */
export const OPAQUE_FILE = '.wh..wh..opq';
export const OPAQUE_XATTR = 'trusted.overlay.opaque';
/** aufs bookkeeping (`.wh..wh.plnk` …): never a file of the image. */
export const META_PREFIX = '.wh..wh.';

const KEPT: readonly RegExp[] = [/^user\./, /^security\.capability$/, /^system\.posix_acl_(access|default)$/];
/** What a layer may carry: `trusted.*` would speak to the overlay itself, other `security.*` to the host's policy. */
export const isKeptXattr = (name: string): boolean => KEPT.some((pattern) => pattern.test(name));
