// The page shown, kept in the address after "#" so that back, forward and reload work.
export type Route =
  | { page: 'welcome' | 'library' | 'data' | 'recipe' | 'compose' | 'studies' | 'evaluations' | 'history' | 'engine' }
  | { page: 'run'; run: number }
  | { page: 'study'; study: number }
  | { page: 'evaluation'; evaluation: number }
  | { page: 'checkpoint' | 'data-set'; id: number }
  | { page: 'compare'; a: number; b: number }
  | { page: 'compatible'; pretrained: number; others: number[] }

const plain = ['library', 'data', 'recipe', 'compose', 'studies', 'evaluations', 'history', 'engine'] as const
const numbered: [RegExp, (...numbers: string[]) => Route][] = [
  [/^#\/run\/(\d{1,12})$/, (run) => ({ page: 'run', run: Number(run) })],
  [/^#\/evaluation\/(\d{1,12})$/, (evaluation) => ({ page: 'evaluation', evaluation: Number(evaluation) })],
  [/^#\/study\/(\d{1,12})$/, (study) => ({ page: 'study', study: Number(study) })],
  [/^#\/library\/(\d{1,12})$/, (id) => ({ page: 'checkpoint', id: Number(id) })],
  [/^#\/data\/(\d{1,12})$/, (id) => ({ page: 'data-set', id: Number(id) })],
  [/^#\/compare\/(\d{1,12})\/(\d{1,12})$/, (a, b) => ({ page: 'compare', a: Number(a), b: Number(b) })],
  [
    /^#\/compatible\/(\d{1,12})\/(\d{1,12}(?:,\d{1,12}){0,63})$/,
    (pretrained, others = '') => ({
      page: 'compatible',
      pretrained: Number(pretrained),
      others: others.split(',').map(Number),
    }),
  ],
]

/** "#/run/12" as a route; anything unknown is the welcome page. */
function routeOf(hash: string): Route {
  for (const [form, route] of numbered) {
    const [, ...numbers] = form.exec(hash) ?? []
    if (numbers.length > 0) return route(...numbers)
  }
  return { page: plain.find((page) => hash === `#/${page}`) ?? 'welcome' }
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
