// The order of the rooms (ARCHITECTURE.md), as dependency-cruiser checks it: each room imports only what its line
// names, some packages live in one room only, and nothing goes round in a circle. Every rule has a fixture in
// test/house that breaks it.

/** Rooms of src-main, lowest first, each with what it may import besides itself. */
const rooms = {
  contract: [],
  numbers: ['contract'],
  engine: ['contract', 'numbers'],
  files: ['contract', 'engine/formats'],
  history: ['contract'],
  worker: ['contract', 'numbers', 'engine', 'files'], // the engine's process: never the history
  workbench: ['contract', 'numbers', 'files', 'history'], // the process of the history: never the engine
  server: ['contract', 'workbench', 'files', 'history'],
  desktop: ['contract', 'workbench', 'files', 'history'],
}

/** The engine's own rooms, lowest first: each may import those before it. */
export const engineRooms = [
  ...['formats', 'layouts', 'architecture', 'devices', 'weights', 'measures', 'merging', 'models', 'datasets'],
  ...['learning', 'problems', 'heads', 'runs', 'tuning', 'evaluation'],
]

/** Rooms of src-renderer; each may use the contract, which is src-main's. */
const rendererRooms = {
  plot: [],
  'bridge.ts': [],
  state: ['bridge.ts'],
  actions: ['state'],
  components: ['plot'],
  pages: ['actions', 'state', 'components', 'plot'], // a page writes a number as a component does
}

const doors = 'src-main/(cli|main|remote)\\.ts$|src-main/(cli|bench|remote)/'
const anyRoom = '^src-(main|renderer)/'

/** ^src-main/a/|^src-main/b/ */
const under = (base, names) =>
  names.map((name) => `^${base}/${name.replace('.', '\\.')}${name.endsWith('.ts') ? '$' : '/'}`).join('|')

const roomRules = Object.entries(rooms).map(([room, allowed]) => ({
  name: `${room}-imports-only-its-line`,
  severity: 'error',
  from: { path: `^src-main/${room}/` },
  to: { path: anyRoom, pathNot: under('src-main', [room, ...allowed]) },
}))

const engineRules = engineRooms.map((room, i) => ({
  name: `engine-${room}-imports-only-what-is-before-it`,
  severity: 'error',
  from: { path: `^src-main/engine/${room}/` },
  to: { path: '^src-main/engine/', pathNot: under('src-main/engine', engineRooms.slice(0, i + 1)) },
}))

const rendererRules = Object.entries(rendererRooms).map(([room, allowed]) => ({
  name: `renderer-${room.replace('.ts', '')}-imports-only-its-line`,
  severity: 'error',
  from: { path: under('src-renderer', [room]) },
  to: { path: anyRoom, pathNot: [under('src-renderer', [room, ...allowed]), '^src-main/contract/'] },
}))

/** A package, or its files in node_modules; the first also holds where it cannot be resolved. */
const packagePath = (name) => `^${name}(/|$)|node_modules/${name}/`

const onlyIn = (name, path, rooms) => ({
  name: `${name}-only-in-its-rooms`,
  severity: 'error',
  from: { path: anyRoom, pathNot: rooms },
  to: { path },
})

export default {
  forbidden: [
    ...roomRules,
    ...engineRules,
    ...rendererRules,
    {
      name: 'doors-are-never-imported',
      severity: 'error',
      from: { path: anyRoom, pathNot: doors },
      to: { path: doors },
    },
    {
      name: 'renderer-imports-only-the-contract',
      severity: 'error',
      from: { path: '^src-renderer/' },
      to: { path: '^src-main/', pathNot: '^src-main/contract/' },
    },
    {
      name: 'main-never-imports-the-renderer',
      severity: 'error',
      from: { path: '^src-main/' },
      to: { path: '^src-renderer/' },
    },
    {
      name: 'renderer-has-nothing-of-node',
      severity: 'error',
      from: { path: '^src-renderer/' },
      to: { dependencyTypes: ['core'] },
    },
    {
      name: 'contract-has-nothing-of-node',
      severity: 'error',
      from: { path: '^src-main/contract/' },
      to: { dependencyTypes: ['core'] },
    },
    {
      name: 'contract-uses-only-the-schema-library',
      severity: 'error',
      from: { path: '^src-main/contract/' },
      to: {
        dependencyTypes: ['npm', 'npm-dev', 'npm-optional', 'npm-no-pkg', 'npm-unknown'],
        pathNot: 'node_modules/(zod|@orpc/(contract|client))/',
      },
    },
    onlyIn('electron', `${packagePath('electron')}(?!-)`, '^src-main/(desktop/|main\\.ts$)'),
    onlyIn('better-sqlite3', packagePath('(@types/)?better-sqlite3'), '^src-main/history/'),
    onlyIn('tensorflow', packagePath('@tensorflow/[^/]+'), '^src-main/engine/devices/'),
    // Whoever computes asks `Ops`; the engines that are made of TensorFlow.js alone see it.
    onlyIn(
      'tf',
      '^src-main/engine/devices/tf(-tensors)?\\.ts$',
      '^src-main/engine/devices/((native|wasm)/|tf-tensors\\.ts$)',
    ),
    // The engine's kernels read their own compiled files, parts of the program; the server reads the pages it serves.
    onlyIn(
      'node-fs',
      '^(node:)?fs(/promises)?$',
      `^src-main/(files|history|worker|workbench|server|engine/devices)/|^${doors}`,
    ),
    { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true } },
    { name: 'every-import-resolves', severity: 'error', from: {}, to: { couldNotResolve: true } },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: ['^src-main/engine/devices/wasm/assembly/', '^out/'] },
    tsPreCompilationDeps: true, // a type imported upwards is an import upwards
    tsConfig: { fileName: 'tsconfig.json' },
    moduleSystems: ['es6', 'cjs'],
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'svelte', 'browser', 'node', 'default', 'types'],
      mainFields: ['module', 'main', 'types'],
      extensions: ['.ts', '.js', '.svelte', '.d.ts', '.json'],
    },
  },
}
