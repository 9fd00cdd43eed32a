// The page's door: starts what acts by itself (the connection, the address, the look), then shows everything.
import { mount } from 'svelte'

import App from './App.svelte'
import { bridge } from './bridge.ts'
import { pages } from './pages/index.ts'
import { router } from './state/router.svelte.ts'
import { theme } from './state/view.svelte.ts'
import './theme.css'

theme.start()
bridge.start() // takes the token out of the address, which the router then reads
router.start(pages, window)

const target = document.getElementById('app')
if (target) mount(App, { target })
