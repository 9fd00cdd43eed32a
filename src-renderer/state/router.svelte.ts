// The pages there are, and the one shown, which is kept in the address after "#" so that back, forward and reload work.
// The program starts it with the list of pages, which nothing below the pages can import.
import { addressOf, type Numbers, numbersIn, type Page } from './pages.ts'

/** The page shown and the numbers in its address. */
export interface Route {
  readonly page: Page
  readonly numbers: Numbers
  readonly address: string
}

/** The window, as far as addresses go. */
export interface Place {
  readonly location: { hash: string }
  addEventListener(type: 'hashchange', listener: () => void): void
}

/** The name of the page for addresses that no page has. */
const nowhere = 'nowhere'

export class Router {
  #pages = $state.raw<readonly Page[]>([])
  #place: Place | null = null
  #address = $state('')
  #current = $derived(routeOf(this.#pages, this.#address))

  /** Shows what the window's address says, from now on. */
  start(pages: readonly Page[], place: Place): void {
    this.#pages = pages
    this.#place = place
    this.#address = place.location.hash
    place.addEventListener('hashchange', () => {
      this.#address = place.location.hash
    })
  }

  get pages() {
    return this.#pages
  }

  /** null before the start. */
  get current() {
    return this.#current
  }

  /** Whether this page is shown. */
  at(name: string): boolean {
    return this.current?.page.name === name
  }

  page(name: string): Page {
    const page = this.#pages.find((one) => one.name === name)
    if (!page) throw new Error(`There is no page "${name}".`)
    return page
  }

  go(name: string, numbers?: Numbers): void {
    const address = addressOf(this.page(name), numbers)
    if (this.#place) this.#place.location.hash = address
  }

  /** The page of what comes of work that was begun on this one; whoever went to another meanwhile is left there. */
  async goAfter<T>(work: Promise<T>, to: (made: T) => readonly [name: string, numbers: Numbers]): Promise<void> {
    const from = this.#place?.location.hash
    const made = await work
    if (this.#place?.location.hash === from) this.go(...to(made))
  }
}

/** No address is the first page of the list; what no page has is the page that says so, where there is one. */
function routeOf(pages: readonly Page[], address: string): Route | null {
  for (const page of pages) {
    const numbers = numbersIn(page, address)
    if (numbers) return { page, numbers, address }
  }
  const [first] = pages
  const other = /^#\/./.test(address) ? pages.find(({ name }) => name === nowhere) : undefined
  if (other) return { page: other, numbers: {}, address }
  return first ? { page: first, numbers: {}, address: addressOf(first) } : null
}

export const router = new Router()
