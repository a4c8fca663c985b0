export interface NavigationItem {
  label: string
  to: string
  icon: string
}

/** The pages in the dashboard's sidebar, by surface. */
export function useNavigation(): NavigationItem[] {
  return usePlace().surface === 'console' ? consolePages : portalPages
}

const portalPages: NavigationItem[] = [
  { label: 'Home', to: '/', icon: 'icon-house' },
  { label: 'People', to: '/people', icon: 'icon-users' },
  { label: 'Profile', to: '/profile', icon: 'icon-circle-user' },
]

const consolePages: NavigationItem[] = [
  { label: 'Overview', to: '/', icon: 'icon-layout-dashboard' },
  { label: 'Tenants', to: '/tenants', icon: 'icon-building-2' },
]
