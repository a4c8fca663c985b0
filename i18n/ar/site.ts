import find from '../locales/ar/find.json'
import signup from '../locales/ar/signup.json'
import site from '../locales/ar/site.json'

export default { ...find, ...signup, ...site }
