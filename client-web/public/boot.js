// Runs before the first paint. A file of its own, because the content policy allows no inline scripts.

// Sets the colour scheme, so that a dark page never flashes white.
(() => {
  let wish = null;
  try {
    wish = localStorage.getItem('weft.color-scheme');
  } catch {
    // Storage may be blocked; the system's preference decides then.
  }
  const dark = wish === 'dark' || (wish !== 'light' && matchMedia('(prefers-color-scheme: dark)').matches);
  document.documentElement.setAttribute('data-mantine-color-scheme', dark ? 'dark' : 'light');
  // What is around an installed app follows the same wish.
  const colors = [...document.querySelectorAll('meta[name=theme-color]')];
  const wished = colors.find(({ media }) => media.includes(dark ? 'dark' : 'light'))?.content;
  for (const color of colors) color.content = wished ?? color.content;
})();

// Who comes by a page's address will need the editor: fetch it beside the shell, not after it.
const [first = '', second = '', more] = location.pathname.split('/').slice(1);
const elsewhere = ['settings', 'admin', 'room', 'invite', 'reset', 's'].includes(first) || second === 'trash';
if (second !== '' && more === undefined && !elsewhere) {
  const files = document.querySelector('meta[name="weft-page-files"]')?.content ?? '';
  for (const href of files.split(' ').filter(Boolean)) {
    const link = document.createElement('link');
    link.rel = href.endsWith('.css') ? 'preload' : 'modulepreload';
    if (href.endsWith('.css')) link.as = 'style';
    // As the module loader asks for them itself, or they would be fetched twice.
    link.crossOrigin = '';
    link.href = href;
    document.head.append(link);
  }
}
