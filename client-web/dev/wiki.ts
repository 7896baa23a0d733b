import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Plugin, PreviewServer, ViteDevServer } from 'vite';
import { WebSocketServer } from 'ws';
import { DESK } from './routes/desk';
import { ENTERING } from './routes/entering';
import { ME } from './routes/me';
import { PAGES } from './routes/pages';
import { PEOPLE } from './routes/people';
import { SERVER } from './routes/server';
import { SHARES } from './routes/shares';
import { SPACES } from './routes/spaces';
import {
  type Answer,
  type Call,
  inShare,
  listeners,
  notFound,
  Refusal,
  type Route,
  rooms,
  start,
  world,
} from './stand';
import { type Level, pageLevel, reaches } from './state';

const ROUTES: Route[] = [...ENTERING, ...ME, ...PEOPLE, ...SPACES, ...PAGES, ...SHARES, ...DESK, ...SERVER];

function answer(call: Call): Answer {
  for (const [pattern, handler] of ROUTES) {
    const [method, path] = pattern.split(' ') as [string, string];
    const parts = path.split('/');
    if (method !== call.method || parts.length !== call.path.length) continue;
    const ids: string[] = [];
    const fits = parts.every((part, index) => {
      const given = call.path[index] ?? '';
      if (!part.startsWith(':')) return part === given;
      ids.push(given);
      return true;
    });
    if (fits) return handler(call, ...ids);
  }
  throw notFound();
}

const cookiesIn = (header: string | undefined): Map<string, string> =>
  new Map((header ?? '').split(/;\s*/).map((pair) => pair.split('=') as [string, string]));

async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const url = new URL(request.url ?? '/', 'http://localhost');
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const raw = Buffer.concat(chunks);
  const contentType = request.headers['content-type'] ?? '';
  const call: Call = {
    method: request.method ?? 'GET',
    path: url.pathname.slice('/api/'.length).split('/').map(decodeURIComponent),
    query: url.searchParams,
    body: contentType.includes('json') && raw.length > 0 ? JSON.parse(raw.toString()) : {},
    raw,
    contentType,
    cookies: cookiesIn(request.headers.cookie),
    share: (request.headers['weft-share'] as string | undefined) ?? null,
    agent: request.headers['user-agent'] ?? '',
    setCookie: (value) => response.appendHeader('set-cookie', value),
  };
  try {
    const { status = 200, body, text, type } = answer(call);
    response.statusCode = status;
    if (text !== undefined) response.setHeader('content-type', type ?? 'text/plain').end(text);
    else if (body === undefined) response.end();
    else response.setHeader('content-type', 'application/json').end(JSON.stringify(body));
  } catch (error) {
    const refusal = error instanceof Refusal ? error : new Refusal(500, 'broken', String(error));
    response.statusCode = refusal.status;
    if (refusal.status === 429) response.setHeader('retry-after', '60');
    const { code, message, field } = refusal;
    response
      .setHeader('content-type', 'application/json')
      .end(JSON.stringify({ error: { code, message, help: '', field } }));
  }
}

function figures(second: number) {
  const wave = (size: number, speed: number): number =>
    Math.round(size + (size / 3) * Math.sin(second / speed));
  return {
    sessions: wave(34, 9),
    rooms: wave(12, 13),
    updates: wave(140, 4),
    commitMs: wave(6, 5),
    cpu: wave(12, 7),
    memory: 31_000_000 + wave(4_000_000, 20),
    disk: 48_000_000 + second * 900,
    slow: second % 30 < 4 ? 1 : 0,
  };
}

function attach(server: ViteDevServer | PreviewServer): void {
  start();
  server.middlewares.use((request, response, next) => {
    if (request.url?.startsWith('/api/')) void serve(request as IncomingMessage, response as ServerResponse);
    else next();
  });
  const sockets = new WebSocketServer({ noServer: true });
  server.httpServer?.on('upgrade', (request: IncomingMessage, socket, head) => {
    const url = new URL(request.url ?? '/', 'http://localhost');
    const cookie = cookiesIn(request.headers.cookie).get('weft') ?? '';
    const person = world.people.get(world.signIns.get(cookie)?.person ?? '');
    if (url.pathname === '/ws') {
      const share = [...world.shares.values()].find(({ secret }) => secret === url.searchParams.get('share'));
      sockets.handleUpgrade(request, socket, head, (opened) =>
        rooms.join(opened, (document) => {
          const page = world.pages.get(document.slice('page/'.length));
          if (page === undefined) return null;
          let level: Level | null = null;
          if (share !== undefined) level = inShare(share, page) ? share.level : null;
          else if (person !== undefined) level = pageLevel(world, page, person);
          if (level === null) return null;
          return reaches(level, 'edit') && page.trashed === null && !page.archived
            ? 'read-write'
            : 'readonly';
        }),
      );
    } else if (url.pathname === '/api/events' && person !== undefined) {
      sockets.handleUpgrade(request, socket, head, (opened) => {
        listeners.set(opened, cookie);
        opened.on('close', () => listeners.delete(opened));
        opened.send(JSON.stringify({ kind: 'hello' }));
      });
    } else if (url.pathname === '/api/admin/live') {
      sockets.handleUpgrade(request, socket, head, (opened) => {
        let second = 0;
        const tick = (): void => {
          opened.send(JSON.stringify(figures(second)));
          second += 1;
        };
        tick();
        const timer = setInterval(tick, 1_000);
        opened.on('close', () => clearInterval(timer));
      });
    }
  });
}

/**
 * A stand-in for the server, in memory, for working on the client and for looking at every screen: `npm run dev:wiki`.
 * Sign in as ann@example.org (owner), ben@ (admin), wang@, dora@ (members) or eli@ (guest) with the password below.
 */
export function standIn(): Plugin {
  return {
    name: 'weft-stand-in',
    configureServer: attach,
    configurePreviewServer: attach,
  };
}
