/** The version that REST, the boot banner and OSV_VERSION tell: the OSv release whose API this is, and what we are. */
export const OSV_VERSION = 'v0.57.0-browser1';

/** First line of the console. */
export const BOOT_BANNER = `OSv ${OSV_VERSION}`;
