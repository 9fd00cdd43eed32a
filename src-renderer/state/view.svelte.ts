// What lies over the page: the list of keys.
class View {
  keys = $state(false)
}

export const view = new View()
