// Going from page to page: an action for each page of the navigation.
import { router } from '../state/router.svelte.ts'
import type { Action } from './action.ts'

/** In the order of the navigation, then what stands beside it. */
export function goActions(): Action[] {
  const reached = router.pages.filter(({ nav, key }) => nav !== undefined || key !== undefined)
  return reached
    .toSorted((a, b) => Number(b.nav !== undefined) - Number(a.nav !== undefined))
    .map(({ name }) => goTo(name))
}

export function goTo(name: string): Action {
  const page = router.page(name)
  const { nav, key, also, action = `Go to ${page.title({})}`, icon } = page
  return {
    id: `go-${name}`,
    title: action,
    shortcut: nav ?? key ?? null,
    also,
    icon,
    enabled: () => true,
    run: () => router.go(name),
  }
}
