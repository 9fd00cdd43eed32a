// Going from page to page: an action for each page of the navigation.
import { router } from '../state/router.svelte.ts'
import type { Action } from './action.ts'

/** In the order of the navigation. */
export function goActions(): Action[] {
  return router.pages.filter(({ nav }) => nav !== undefined).map(({ name }) => goTo(name))
}

export function goTo(name: string): Action {
  const page = router.page(name)
  const { nav = null, action = `Go to ${page.title({})}`, icon } = page
  return { id: `go-${name}`, title: action, shortcut: nav, icon, enabled: () => true, run: () => router.go(name) }
}
