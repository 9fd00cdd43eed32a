// app://basil/...: the renderer's built files with strict headers. file:// has no rights in the packed program (fuses),
// and a scheme of our own gives the page one origin that no other page shares.
import { join, resolve, sep } from 'node:path'
import { pathToFileURL } from 'node:url'

import { net, protocol } from 'electron'

import { pageHeaders } from '../workbench/page-headers.ts'
import { isOurs, scheme } from './origin.ts'

/** Before the app is ready: the scheme is standard (relative addresses work) and secure. */
export function registerScheme(): void {
  protocol.registerSchemesAsPrivileged([
    { scheme, privileges: { standard: true, secure: true, supportFetchAPI: true } },
  ])
}

/** After it is: serves `folder`, and nothing outside it. */
export function servePages(folder: string): void {
  protocol.handle(scheme, (request) => answer(folder, request))
}

async function answer(folder: string, request: Request): Promise<Response> {
  const headers = pageHeaders()
  if (request.method !== 'GET' || !isOurs(request.url)) return new Response('not here', { status: 403, headers })
  const file = fileOf(folder, request.url)
  if (!file) return new Response('not here', { status: 404, headers })
  try {
    const found = await net.fetch(pathToFileURL(file).href, { bypassCustomProtocolHandlers: true })
    return new Response(found.body, {
      status: found.status,
      headers: { ...headers, 'Content-Type': typeOf(file, found) },
    })
  } catch {
    return new Response('not here', { status: 404, headers })
  }
}

/** The file of an address; undefined when it would lie outside the folder. */
export function fileOf(folder: string, address: string): string | undefined {
  const path = decoded(new URL(address).pathname)
  if (path === undefined || path.includes('\0') || path.includes('\\')) return undefined
  const file = resolve(join(folder, path === '/' ? 'index.html' : path))
  return file.startsWith(resolve(folder) + sep) ? file : undefined
}

function decoded(path: string): string | undefined {
  try {
    return decodeURIComponent(path)
  } catch {
    return undefined
  }
}

// A module script wants its exact type, whatever the system thinks of .js.
function typeOf(file: string, found: Response): string {
  if (file.endsWith('.js')) return 'text/javascript; charset=utf-8'
  return found.headers.get('Content-Type') ?? 'application/octet-stream'
}
