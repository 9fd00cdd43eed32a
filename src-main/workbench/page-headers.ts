// The headers every page of the workbench is served with, in the window (app://) and in a browser (127.0.0.1) alike:
// nothing from elsewhere is loaded, run, framed or sent to. Styles come from files; style attributes are what charts
// and progress bars set, and carry no code.

/**
 * `connect`: what the page may open connections to, such as ws://127.0.0.1:4000; nothing in the window, which has a
 * port.
 */
export function pageHeaders(connect = "'none'"): Record<string, string> {
  const policy = [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "style-src-attr 'unsafe-inline'",
    "img-src 'self' data: blob:",
    "font-src 'self'",
    `connect-src ${connect}`,
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ]
  return {
    'Content-Security-Policy': policy.join('; '),
    'X-Content-Type-Options': 'nosniff',
    'X-Frame-Options': 'DENY',
    'Referrer-Policy': 'no-referrer',
    'Cross-Origin-Opener-Policy': 'same-origin',
    'Cross-Origin-Embedder-Policy': 'require-corp',
    'Cross-Origin-Resource-Policy': 'same-origin',
    'Cache-Control': 'no-store',
  }
}
