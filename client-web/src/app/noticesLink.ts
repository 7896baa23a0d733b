/** Digests by mail link to `/#notices`: what one was told is open at once. */
export const linksToNotices = (): boolean => window.location.hash === '#notices';
