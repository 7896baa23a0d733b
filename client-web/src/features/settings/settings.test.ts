import { expect, test } from 'vitest';
import { readAgent } from './agent';
import { middleSquare } from './square';

test('browsers are called what their people call them', () => {
  expect(
    readAgent(
      'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/142.0 Safari/537.36 Edg/142.0',
    ),
  ).toEqual({ browser: 'Edge', system: 'Windows' });
  expect(
    readAgent(
      'Mozilla/5.0 (iPhone; CPU iPhone OS 19_1 like Mac OS X) AppleWebKit/605.1.15 Version/19.1 Safari/604.1',
    ),
  ).toEqual({ browser: 'Safari', system: 'iPhone' });
  expect(
    readAgent('Mozilla/5.0 (Linux; Android 16) AppleWebKit/537.36 Chrome/142.0 Mobile Safari/537.36'),
  ).toEqual({
    browser: 'Chrome',
    system: 'Android',
  });
  expect(readAgent('curl/8')).toBeNull();
});

test('a picture is cut to the square in its middle', () => {
  expect(middleSquare(400, 300)).toEqual({ x: 50, y: 0, edge: 300 });
  expect(middleSquare(301, 500)).toEqual({ x: 0, y: 100, edge: 301 });
});
