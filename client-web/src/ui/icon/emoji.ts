/**
 * A short list by subject, drawn by the browser's own font. Each line is one subject; each sign carries the words it
 * is found by, in both languages.
 */
const SUBJECTS = {
  work: '📄 page 页面|📝 note 笔记|📖 book handbook 书 手册|📚 books library 书籍|📅 calendar 日历|📌 pin 图钉|📎 clip 回形针|✅ done check 完成|☑️ task 任务|📊 chart 图表|📈 growth 增长|📉 decline 下降|🗂️ files folder 文件夹|🗃️ archive 档案|📦 box package 包裹|💼 work case 工作|🏢 office 办公室|🤝 deal agreement 合作|💰 money 钱|🧾 receipt 收据|📣 announce 公告|💡 idea 想法|🔍 search 搜索|🔎 find 查找|🔑 key 钥匙|🔒 lock 锁|⚙️ settings gear 设置|🧰 tools 工具|🔧 wrench 扳手|🔨 hammer 锤子|🧭 compass 指南针|🗺️ map roadmap 地图|🎯 goal target 目标|🚀 launch rocket 火箭 发布|🏁 finish flag 终点|🚧 building 施工|⏰ clock 时钟|⏳ waiting 等待|✉️ mail 邮件|📞 phone 电话|💬 chat 聊天|❓ question 问题|❗ important 重要|⚠️ warning 警告|🛟 help 帮助|🧪 test lab 实验|🧮 count 计算|🖥️ computer 电脑|💾 save 保存|🗑️ trash 垃圾桶',
  people:
    '👋 hello welcome 你好 欢迎|🙂 smile 微笑|😀 happy 开心|😅 relief 尴尬|🤔 think 思考|😍 love 喜欢|😎 cool 酷|🥳 party 庆祝|😴 sleep 睡觉|🤖 robot 机器人|👻 ghost 幽灵|🧑‍💻 developer 程序员|🧑‍🎨 artist design 设计|🧑‍🏫 teacher 老师|🧑‍🔬 scientist 科学家|🧑‍🍳 cook 厨师|👥 team people 团队|👪 family 家庭|🙌 hands 举手|👍 good 好|👎 bad 不好|👏 applause 鼓掌|🙏 thanks 感谢|💪 strong 力量|✍️ write 写作|👀 look 看|🧠 brain 大脑|❤️ heart 心|💙 blue heart 蓝心|💚 green heart 绿心',
  nature:
    '🌱 seedling begin 新芽|🌿 herb 草|🌳 tree 树|🌲 pine 松树|🍀 luck 幸运|🌻 sunflower 向日葵|🌸 blossom 樱花|🌹 rose 玫瑰|🍁 leaf autumn 枫叶|🔥 fire 火|💧 water 水|🌊 wave 海浪|⚡ lightning 闪电|☀️ sun 太阳|🌙 moon 月亮|⭐ star 星|🌈 rainbow 彩虹|☁️ cloud 云|❄️ snow 雪|🌍 world earth 地球|🏔️ mountain 山|🐶 dog 狗|🐱 cat 猫|🦊 fox 狐狸|🐻 bear 熊|🐼 panda 熊猫|🦁 lion 狮子|🐯 tiger 老虎|🐴 horse 马|🐢 turtle 乌龟|🐝 bee 蜜蜂|🦋 butterfly 蝴蝶|🐟 fish 鱼|🐳 whale 鲸|🦉 owl 猫头鹰|🐧 penguin 企鹅',
  life: '🏠 home house 家|🏡 garden house 家园|🏚️ old house 旧房|🎓 study training 学习 培训|🏥 hospital 医院|🏫 school 学校|✈️ travel plane 旅行 飞机|🚆 train 火车|🚗 car 汽车|🚲 bicycle 自行车|🚢 ship 轮船|🏖️ beach holiday 假期|🎒 bag 背包|🎁 gift 礼物|🎉 celebrate 庆祝|🎂 birthday 生日|🎈 balloon 气球|🏆 prize 奖杯|🥇 first 第一|⚽ football 足球|🏀 basketball 篮球|🎮 game 游戏|🎲 dice 骰子|🧩 puzzle 拼图|🎨 art paint 艺术|🎵 music 音乐|🎸 guitar 吉他|🎬 film 电影|📷 photo 照片|☕ coffee 咖啡|🍵 tea 茶|🍎 apple 苹果|🍊 orange 橙子|🍋 lemon 柠檬|🍇 grapes 葡萄|🍓 strawberry 草莓|🍞 bread 面包|🧀 cheese 奶酪|🍕 pizza 比萨|🍜 noodles 面条|🍚 rice 米饭|🥟 dumpling 饺子|🍰 cake 蛋糕|🍪 cookie 饼干|🍺 beer 啤酒',
  signs:
    '🔴 red 红|🟠 orange 橙|🟡 yellow 黄|🟢 green 绿|🔵 blue 蓝|🟣 purple 紫|⚫ black 黑|⚪ white 白|🟥 red square 红方块|🟦 blue square 蓝方块|🟩 green square 绿方块|🟨 yellow square 黄方块|🔷 diamond 菱形|🔶 orange diamond 橙菱形|➕ plus 加|➖ minus 减|✖️ times 乘|♻️ recycle 循环|🔁 repeat 重复|🔗 link 链接|🔔 bell 铃|🚩 flag 旗|🏳️ white flag 白旗|💯 hundred 满分|🆕 new 新|🆗 ok 好的|ℹ️ information 信息|🈚 free 免费|㊙️ secret 秘密|💎 gem 宝石|🛡️ shield safe 安全|🧿 amulet 护身符|🪄 magic 魔法',
} as const;

export type Subject = keyof typeof SUBJECTS;

export interface Emoji {
  sign: string;
  words: string;
}

export const EMOJI = Object.entries(SUBJECTS).map(([subject, line]): [Subject, Emoji[]] => [
  subject as Subject,
  line.split('|').map((entry) => {
    const space = entry.indexOf(' ');
    return { sign: entry.slice(0, space), words: entry.slice(space + 1) };
  }),
]);

/** Every word of `query` must begin a word of the sign; Chinese has no spaces, so there any place will do. */
export function findEmoji(query: string): Emoji[] {
  const wanted = query.toLowerCase().split(/\s+/).filter(Boolean);
  return EMOJI.flatMap(([, signs]) => signs).filter(({ words }) =>
    wanted.every((word) =>
      /^[\x20-\x7e]+$/.test(word) ? ` ${words}`.includes(` ${word}`) : words.includes(word),
    ),
  );
}

/** The first sign of a text, for people who type or paste their own. */
export function firstSign(text: string): string | null {
  const [first] = new Intl.Segmenter(undefined, { granularity: 'grapheme' }).segment(text.trim());
  if (first === undefined || !/\p{Extended_Pictographic}|\p{Regional_Indicator}/u.test(first.segment))
    return null;
  return first.segment;
}
