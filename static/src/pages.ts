// Styles of the server-rendered text pages, and the theme chosen in the playground. They need no script.
import './styles/tokens.css';
import './styles/base.css';
import './styles/pages.css';

const chosen = localStorage.getItem('theme');
if (chosen === 'light' || chosen === 'dark') document.documentElement.dataset['theme'] = chosen;
