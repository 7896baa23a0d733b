import { PICTURE_BYTES_MAX } from '../../api/me';

/** As large as a face is ever drawn, on the sharpest screens. */
const EDGE_PX = 256;

/** The largest square in the middle of a picture. */
export function middleSquare(width: number, height: number): { x: number; y: number; edge: number } {
  const edge = Math.min(width, height);
  return { x: Math.round((width - edge) / 2), y: Math.round((height - edge) / 2), edge };
}

const drawn = (canvas: HTMLCanvasElement, type: string, quality: number): Promise<Blob | null> =>
  new Promise((resolve) => canvas.toBlob(resolve, type, quality));

/** Whatever picture somebody chose, as a small square one. Null when the browser cannot read it. */
export async function squarePicture(file: Blob): Promise<Blob | null> {
  let picture: ImageBitmap;
  try {
    picture = await createImageBitmap(file);
  } catch {
    return null;
  }
  const canvas = document.createElement('canvas');
  canvas.width = EDGE_PX;
  canvas.height = EDGE_PX;
  const { x, y, edge } = middleSquare(picture.width, picture.height);
  const context = canvas.getContext('2d');
  if (context === null) return null;
  context.imageSmoothingQuality = 'high';
  context.drawImage(picture, x, y, edge, edge, 0, 0, EDGE_PX, EDGE_PX);
  picture.close();
  for (const [type, quality] of [
    ['image/webp', 0.9],
    ['image/jpeg', 0.85],
    ['image/jpeg', 0.6],
  ] as const) {
    const blob = await drawn(canvas, type, quality);
    if (blob !== null && blob.type === type && blob.size <= PICTURE_BYTES_MAX) return blob;
  }
  return null;
}
