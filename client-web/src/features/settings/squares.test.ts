import decodeQR from 'qr/decode.js';
import { expect, test } from 'vitest';
import { squaresOf } from './squares';

const PIXELS = 4;

test('a reader finds in the picture what was put into it', () => {
  const link =
    'otpauth://totp/Weft:ann%40example.org?secret=JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP&issuer=Lindqvist%20%26%20Co';
  const squares = squaresOf(link);
  const edge = squares.length * PIXELS;
  const data = new Uint8Array(edge * edge * 4).fill(255);
  for (let y = 0; y < edge; y += 1) {
    for (let x = 0; x < edge; x += 1) {
      if (squares[Math.floor(y / PIXELS)]?.[Math.floor(x / PIXELS)])
        data.fill(0, (y * edge + x) * 4, (y * edge + x) * 4 + 3);
    }
  }
  expect(decodeQR({ width: edge, height: edge, data })).toBe(link);
});
