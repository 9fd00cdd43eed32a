// The page shown, kept in the address after "#" so that back, forward and reload work.
type Route = { page: 'welcome' } | { page: 'compose' } | { page: 'history' } | { page: 'engine' } | { page: 'run'; run: number }

/** "#/run/12" as a route; anything unknown is the welcome page. */
function routeOf(hash: string): Route {
  const run = /^#\/run\/(\d{1,12})$/.exec(hash)?.[1]
  if (run) return { page: 'run', run: Number(run) }
  if (hash === '#/compose') return { page: 'compose' }
  if (hash === '#/history') return { page: 'history' }
  if (hash === '#/engine') return { page: 'engine' }
  return { page: 'welcome' }
}

class Router {
  #current = $state.raw<Route>(routeOf(location.hash))

  constructor() {
    window.addEventListener('hashchange', () => {
      this.#current = routeOf(location.hash)
    })
  }

  get current() {
    return this.#current
  }

  go(hash: `#/${string}`): void {
    location.hash = hash
  }
}

export const router = new Router()
