const KEY = 'weft.sidebar-width';
export const WIDTH_PX_MIN = 200;
export const WIDTH_PX_MAX = 480;
const WIDTH_PX = 272;

export const clampWidth = (width: number): number =>
  Math.round(Math.min(WIDTH_PX_MAX, Math.max(WIDTH_PX_MIN, width)));

export function storedWidth(): number {
  try {
    const width = Number(localStorage.getItem(KEY) ?? Number.NaN);
    return Number.isFinite(width) ? clampWidth(width) : WIDTH_PX;
  } catch {
    return WIDTH_PX;
  }
}

export function storeWidth(width: number): void {
  try {
    localStorage.setItem(KEY, String(width));
  } catch {
    // Blocked storage: the width lasts as long as the tab.
  }
}
