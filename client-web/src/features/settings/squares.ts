import encodeQR from 'qr';

/** The light squares around it that tell a reader where it ends. */
const QUIET_SQUARES = 4;

/** The squares of a QR code, row by row; true is dark. */
export const squaresOf = (text: string): boolean[][] =>
  encodeQR(text, 'raw', { ecc: 'medium', border: QUIET_SQUARES });
