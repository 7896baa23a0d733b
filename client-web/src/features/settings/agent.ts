const BROWSERS: [RegExp, string][] = [
  [/\bEdg(?:e|A|iOS)?\//, 'Edge'],
  [/\bOPR\//, 'Opera'],
  [/\bFirefox\/|\bFxiOS\//, 'Firefox'],
  [/\bChrome\/|\bCriOS\//, 'Chrome'],
  [/\bSafari\//, 'Safari'],
];
const SYSTEMS: [RegExp, string][] = [
  [/\biPhone\b/, 'iPhone'],
  [/\biPad\b/, 'iPad'],
  [/\bAndroid\b/, 'Android'],
  [/\bWindows\b/, 'Windows'],
  [/\bMac OS X\b/, 'macOS'],
  [/\bCrOS\b/, 'ChromeOS'],
  [/\bLinux\b/, 'Linux'],
];

const first = (known: [RegExp, string][], agent: string): string | null =>
  known.find(([pattern]) => pattern.test(agent))?.[1] ?? null;

/** What a browser says of itself, short enough to recognise one's own. Null when it says nothing known. */
export function readAgent(agent: string): { browser: string | null; system: string | null } | null {
  const browser = first(BROWSERS, agent);
  const system = first(SYSTEMS, agent);
  return browser === null && system === null ? null : { browser, system };
}
