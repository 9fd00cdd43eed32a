// Tensors under the modules their names tell: "visual.transformer.resblocks.0.ln_1.weight" under visual, transformer,
// and so on; a module that holds one module and no tensor is drawn together with it. Pure.
interface Named {
  name: string
  shape: readonly number[]
}

export interface ModuleRow {
  kind: 'module'
  path: string
  name: string // below the module above
  depth: number
  tensors: number
  numbers: number
  open: boolean
}
export interface TensorRow<T> {
  kind: 'tensor'
  tensor: T
  name: string
  depth: number
}

interface Node<T> {
  path: string
  name: string
  modules: Map<string, Node<T>>
  tensors: { name: string; tensor: T }[]
}

/** isOpen: whether a module, of so many tensors at a depth, shows what is in it. */
export function modulesOf<T extends Named>(
  tensors: readonly T[],
  isOpen: (path: string, depth: number) => boolean,
): (ModuleRow | TensorRow<T>)[] {
  const top: Node<T> = { path: '', name: '', modules: new Map(), tensors: [] }
  for (const tensor of tensors) {
    const parts = tensor.name.split('.')
    const name = parts.pop() ?? ''
    let node = top
    for (const part of parts) {
      const path = node.path === '' ? part : `${node.path}.${part}`
      const next = node.modules.get(part) ?? { path, name: part, modules: new Map(), tensors: [] }
      node.modules.set(part, next)
      node = next
    }
    node.tensors.push({ name, tensor })
  }
  const rows: (ModuleRow | TensorRow<T>)[] = []
  const put = (node: Node<T>, depth: number): void => {
    for (const { name, tensor } of node.tensors) rows.push({ kind: 'tensor', name, tensor, depth })
    for (const child of node.modules.values()) {
      const module = drawnTogether(child)
      const open = isOpen(module.path, depth)
      const inside = allIn(module)
      const numbers = inside.reduce((sum, { shape }) => sum + shape.reduce((product, n) => product * n, 1), 0)
      rows.push({
        ...{ kind: 'module', path: module.path, name: module.name, depth },
        ...{ tensors: inside.length, numbers, open },
      })
      if (open) put(module, depth + 1)
    }
  }
  put(top, 0)
  return rows
}

function drawnTogether<T>(node: Node<T>, name = node.name): Node<T> {
  const [only, ...others] = node.modules.values()
  if (!only || others.length > 0 || node.tensors.length > 0) return { ...node, name }
  return drawnTogether(only, `${name}.${only.name}`)
}

function allIn<T>(node: Node<T>): T[] {
  return [...node.tensors.map(({ tensor }) => tensor), ...[...node.modules.values()].flatMap(allIn)]
}
