import find from '../locales/en/find.json'
import signup from '../locales/en/signup.json'
import site from '../locales/en/site.json'

export default { ...find, ...signup, ...site }
