// What a page says of itself, and its address: "/compare/:a/:b" is "#/compare/1/2" with the numbers a and b, and
// "/compatible/:pretrained/:others+" takes several, parted by commas; "/help/:topic*" takes a word. They are the
// props of its component.
import type { Component } from 'svelte'

type One<Name extends string> = Name extends `${infer Several}+`
  ? Record<Several, number[]>
  : Name extends `${infer Word}*`
    ? Record<Word, string>
    : Record<Name, number>

/** The numbers in a page's address, by the names that its route gives them. */
type NumbersOf<Route extends string> = Route extends `${string}/:${infer Name}/${infer Rest}`
  ? One<Name> & NumbersOf<`/${Rest}`>
  : Route extends `${string}/:${infer Name}`
    ? One<Name>
    : Record<never, never>

export type Numbers = Record<string, number | readonly number[] | string>

/** Of @lucide/svelte, or one like it. */
export type Icon = Component<{ size?: number; 'aria-hidden'?: 'true' }>

/** Where a page is found besides its address. */
interface Place {
  nav?: string // it stands in the navigation, in the list's order, and this key goes to it
  key?: string // goes to it, where it stands beside the navigation
  also?: readonly string[] // more keys, which a browser may keep to itself
  action?: string // what going to it is called, where "Go to TITLE" is not the word
  icon?: Icon
  under?: string // the page of the navigation that it belongs to
}

export interface Page extends Place {
  name: string
  route: `/${string}`
  title(numbers: Numbers): string
  component: Component<Numbers>
}

/** A page for the list; the compiler holds its component's props against its route. */
export function page<const Route extends `/${string}`>(
  name: string,
  route: Route,
  title: string | ((numbers: NumbersOf<Route>) => string),
  component: Component<NumbersOf<Route>>,
  place: Place = {},
): Page {
  return {
    ...place,
    name,
    route,
    title: (numbers: NumbersOf<Route>) => (typeof title === 'string' ? title : title(numbers)),
    component: component as Component<Numbers>, // numbersIn gives what the route names, and nothing else
  }
}

/** The address of a page with these numbers. */
export function addressOf({ name, route }: Pick<Page, 'name' | 'route'>, numbers: Numbers = {}): string {
  const path = route.replace(/:(\w+)[+*]?/g, (_, key: string) => {
    const value = numbers[key]
    if (value === undefined) throw new Error(`The address of the page "${name}" wants "${key}".`)
    return String(value)
  })
  return `#${path}`
}

const forms = { '': '(\\d{1,12})', '+': '(\\d{1,12}(?:,\\d{1,12}){0,63})', '*': '([a-z0-9][a-z0-9-]{0,63})' }

/** The numbers of this page that stand in an address; null where it is not of this page. */
export function numbersIn({ route }: Pick<Page, 'route'>, address: string): Numbers | null {
  const form = route.replace(/:\w+([+*]?)/g, (_, kind: '' | '+' | '*') => forms[kind])
  const found = new RegExp(`^#${form}$`).exec(address)
  if (!found) return null
  return Object.fromEntries(
    [...route.matchAll(/:(\w+)([+*]?)/g)].map(([, key = '', kind], i) => {
      const text = found[i + 1] ?? ''
      return [key, kind === '*' ? text : kind === '+' ? text.split(',').map(Number) : Number(text)]
    }),
  )
}
