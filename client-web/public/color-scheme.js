// Sets the colour scheme before the first paint, so that a dark page never flashes white.
(() => {
  let wish = null;
  try {
    wish = localStorage.getItem('weft.color-scheme');
  } catch {
    // Storage may be blocked; the system's preference decides then.
  }
  const dark = wish === 'dark' || (wish !== 'light' && matchMedia('(prefers-color-scheme: dark)').matches);
  document.documentElement.setAttribute('data-mantine-color-scheme', dark ? 'dark' : 'light');
})();
