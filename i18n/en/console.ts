export { default } from '../locales/en/console.json'
