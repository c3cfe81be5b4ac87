"""Words that show what is asked for, in seventeen languages, under the concepts they stand for.

One concept is one feature whatever the language, so what the model learns of English requests holds for others too. A
word is matched whole; `stem*` matches every word that begins so; words of scripts written without spaces are found
anywhere. Words are lower case; they match without their accents too.
"""

from __future__ import annotations

CONCEPTS: dict[str, str] = {
    "write": """
        write compose draft create generate produce craft rewrite pen author prepare make schreib* verfass*
        erstell* entwirf formulier* écri* ecris rédig* compose* invente crée élabore escrib* redact* crea inventa
        elabora genera escrev* redija crie elabore tulis* buatlah buatkan scriv* componi schrijf* maak napisz
        stwórz yaz yazar hazırla напиш* сочин* состав* создай viết hãy tạo 写 撰 創作 创作 編寫 编写 书写 拟 書い
        作っ 作成 써줘 써 작성* 만들* लिख* लिखिए बनाओ बनाइए तैयार اكتب أكتب اكتبي أنشئ انظم صمم""",
    "fiction": """
        story stories poem poems novel tale fable haiku sonnet limerick lyrics song songs ballad rap chapter
        screenplay scene fanfic fanfiction dialogue monologue plot myth legend verse verses script joke jokes
        fairy prose geschichte* kurzgeschichte* gedicht* märchen roman fabel liedtext szene histoire conte poème
        nouvelle chanson cuento* historia poema* relato* leyenda canción conto história poesia letra crônica
        racconto favola storia verhaal gedicht opowiadanie wiersz hikaye öykü şiir masal рассказ* сказк* стих*
        истори* truyện thơ cerita cerpen puisi 故事 小说 小說 诗 詩 歌词 童话 剧本 物語 小説 短編 俳句 歌詞 童話
        이야기 소설 시를 동화 कहानी कविता गीत قصة قصيدة رواية حكاية""",
    "document": """
        essay essays article articles blog speech letter memo report proposal paper thesis newsletter brochure
        presentation post tweet caption biography memoir obituary eulogy toast press announcement advertisement ad
        slogan resume cv description handbook manual guide tutorial whitepaper contract policy agenda email e-mail
        pitch aufsatz artikel rede brief bewerbung* bericht erörter* betoog dissertation lettre discours rapport
        ensayo discurso carta informe artículo redação relatório artigo redazione saggio discorso lettera
        relazione opstel list rozprawk* makale deneme mektup konuşma эсс* сочинен* письм* реч* стать* доклад bài
        luận esai pidato surat 论文 論文 作文 文章 议论文 演讲 信 报告 報告 小論文 レポート スピーチ 手紙 メール
        에세이 보고서 편지 연설 축사 글을 निबंध भाषण पत्र रिपोर्ट लेख مقال* خطاب رسالة تقرير""",
    "plan": """
        plan plans planning design outline devise organize organise propose strategy strategies roadmap itinerary
        schedule curriculum campaign proposal architecture framework programme budget trip marketing business okrs
        lesson menu plane planung konzept* strategie* geschäftsplan reise* stratégie itinéraire voyage planifi*
        diseñ* estrategia* itinerario viaje organiza planifica estratégia* roteiro planej* monte strategia viaggio
        progett* trainingsschema strateg* plan* план* бизнес* разработ* программ* стратег* маршрут* kế hoạch
        rencana 计划 計劃 规划 策划 方案 策略 行程 旅行 设计 計画 戦略 企画 設計 プラン 계획* 여행 일정 전략
        योजना* रणनीति कार्यक्रम خطة استراتيجية برنامج رحلة""",
    "analyse": """
        discuss compare contrast analyze analyse analysis evaluate assess critique justify elaborate examine
        explore reflect argue argument advantages disadvantages pros cons implications impact impacts consequences
        tradeoffs benefits drawbacks perspective perspectives ethical comparison comparative overview review
        synthesis vergleich* analysier* erörter* vorteil* nachteil* auswirkung* analys* compar* avantage*
        inconvénient* analiz* compara* ventaja* desventaja* impacto* influencia vantagen* vantagem confront*
        analizza vantaggi svantaggi voordelen porównaj tartış* karşılaştır* анализ* проанализ* сравни*
        преимуществ* последств* влияни* phân tích 分析 比较 比較 对比 优缺点 影响 論じ 影響 분석* 비교* 장단점
        विश्लेषण तुलना प्रभाव* लाभ قارن حلل مزايا أثر تأثير""",
    "detail": """
        detailed detail thorough comprehensive depth in-depth extensively long lengthy vivid elaborate complete
        full ausführlich* detailliert* umfassend* détail* détaillé* approfondi* detallad* detalladamente completo
        detalhad* detalhes dettagliat* approfondit* uitgebreid szczegółow* ayrıntılı detaylı подробн* развёрнут*
        развернут* chi tiết 详细 詳細 深入 詳しく 具体的 자세히 구체적* विस्तार* विस्तृत بالتفصيل مفصل* طويل*""",
    "advice": """
        advice tips ideas suggestions suggest recommend recommendations ways steps strategies help improve handle
        brainstorm inspiration tipps rat ratschläge ideen vorschläge conseils idées consejos recomendaciones
        mejorar conselhos dicas ideias melhorar consigli idee совет* иде* 建议 建議 如何提高 提高 アドバイス 提案
        アイデア 조언 아이디어 सुझाव सलाह मार्गदर्शन نصائح نصيحة اقترح أفكار""",
    "role": """
        pretend roleplay act acting persona character characters protagonist narrator villain hero fictional
        fantasy simulate imagine stay rolle spielst stell personnage rôle joue actúa personaje finge imagina finja
        personagem aja fingi personaggio представь сыграй роль персонаж* 扮演 角色 口吻 想象 役 なりきっ 主人 역할
        연기해 भूमिका अभिनय تخيل دور شخصية""",
    "wordcount": """
        words sentences paragraphs paragraph pages bullet bullets sections headings heading section title lines
        stanza wörter* wörtern absätze* mots paragraphes palabras párrafos palavras parágrafos parole paragrafi
        слов абзац* 字 段落 文字 字以内 分量 분량 शब्दों كلمة فقرات""",
    "constraint": """
        must should ensure include including avoid without exactly least most refrain never each entire contain
        require* requirements format markdown uppercase lowercase capital tone style muss sollte mindestens genau
        ohne doit inclure sans debe incluye sin deve inclua sem inclui 包括 要求 必须 不要 含め 以上 以内 포함
        शामिल يجب""",
    "code_object": """
        function functions algorithm algorithms code codebase script scripts program programming compiler api
        endpoint endpoints regex regexp snippet repository dockerfile webpage website app backend frontend module
        library plugin decorator component query queries database unittest class classes method methods bot
        scraper server funktion* programm skript quellcode abfrage fonction programme requête composant función
        funcion programa código consulta página função funzione codice programma comando functie funkcję
        fonksiyon* kod* функци* программ* скрипт* код* запрос* бот* hàm mã fungsi kode 函数 代码 代碼 程序 脚本
        算法 语句 查询 接口 报错 関数 コード プログラム スクリプト アプリ エラー 함수* 코드* 프로그램* 쿼리*
        फ़ंक्शन फंक्शन कोड प्रोग्राम دالة برنامجا برنامج الكود كود صفحة""",
    "code_part": """
        array arrays loop loops recursion recursive variable variables syntax runtime stdin stdout stacktrace
        exception traceback json yaml xml csv parser parse schema index tuple tuples dict dictionary hashmap
        boolean string strings substring subarray struct pointer pointers thread threads async await middleware
        subclass import return returns argument arguments parameter parameters input output commit deploy int
        float null none undefined void print linkedlist node nodes stack queue tree binary list lists object
        objects file files folder directory column columns row rows table tables server port http https url html
        css dom callback promise lambda iterator generator cache mutex goroutine template tensor dataframe token
        parsing liste* schleife tableau boucle chaîne lista cadena bucle vetor stringa массив* строк* цикл* 数组
        字符串 循环 变量 递归 列表 配列 文字列 ループ リスト 再帰 배열 문자열 सूची सरणी مصفوفة""",
    "code_verb": """
        implement implements implementing debug debugging compile compiles refactor optimize optimise deploy
        install configure run runs running execute executes parse convert port fix throws throw error errors bug
        bugs crash crashes fails build implementier* programmier* behebe implémente corrige implementa depura
        programme implemente реализуй исправь 实现 編程 编程 调试 运行 实装 実装 デバッグ 修正 구현* लागू صحح""",
    "language": """
        python javascript typescript java rust golang kotlin swift sql html css bash php ruby perl scala haskell
        matlab react node nodejs django flask pandas numpy docker kubernetes shell powershell jquery postgres
        postgresql mysql sqlite mongodb cpp csharp fortran cobol lua dart terraform ansible git linux nginx vue
        angular svelte spring express fastapi pytorch tensorflow sklearn excel vba latex unity arduino webpack npm
        graphql redis kafka tailwind bootstrap selenium pygame opencv aws azure github gitlab vim jest pytest
        junit spark hadoop awk sed jq xcode android ios flutter ffmpeg regex json yaml mermaid svg linq ggplot
        pipe paikthon पायथन जावा بايثون جافا 파이썬 자바 питон""",
    "calculate": """
        calculate compute solve find determine evaluate simplify differentiate integrate derive estimate factor
        expand berechne bestimme löse ermittle schätze calcule calculer calculez résou* détermine* estime* calcula
        resuelve halla estima determina resolva calcola risolvi trova bereken oblicz rozwiąż hesapla bul вычисл*
        реши* найди найдите определи* оцени tính giải hitung 计算 求 解方程 求解 估算 算 計算 解け 求めよ 求め
        구하* 계산* 구해* ज्ञात गणना हल احسب حل أوجد قدر""",
    "prove": """
        prove proof show disprove induction demonstrate theorem lemma counterexample beweis* zeige démontr*
        montre* prouve* demuestra demostrar prova demonstre dimostra udowodnij докаж* доказ* chứng minh 证明 證明
        証明 증명* सिद्ध أثبت برهن""",
    "math_thing": """
        equation equations integral derivative probability percent percentage remainder sum product ratio average
        mean median polynomial matrix vector triangle circle radius angle angles perimeter area volume square
        squared cube sqrt root roots factors divisor divisors divisible prime primes integer integers modulo
        logarithm sine cosine tangent parabola coordinates limit converge converges sequence series factorial
        permutations combinations expression inequality digit digits fraction numerator denominator velocity
        acceleration mass force energy voltage current variance deviation distribution theorem eigenvalues group
        ring field convex random dice coin urn rectangle gleichung* wahrscheinlichkeit* ableitung summe dreieck*
        winkel équation* probabilité* dérivée intégrale somme limite ecuaci* probabilidad* derivada raíz triángulo
        equaç* probabilidade raiz inequação equazion* derivata probabilità vergelijking kans równani* denklem
        olasılık уравнен* вероятност* производн* сумм* треугольник* делит* phương trình persamaan 方程 概率 機率
        函数f 积分 三角形 最大值 最小值 数列 公差 整除 面积 体积 确率 確率 方程式 三角 面積 倍数 微分 積分 확률
        방정식 함수 극값 समीकरण प्रायिकता त्रिभुज योग अपरिमेय احتمال معادلة المعادلة مثلث جذر""",
    "quantity": """
        total each every per twice half double triple dozen times remaining left altogether more less fewer cost
        costs price paid pay earns sells sold bought buys buy many much older younger third quarter percent
        discount profit speed distance hours hour minutes minute days weeks km kg miles meters metres litres
        liters euros dollars cents pounds km/h insgesamt hälfte doppelt preis kostet stunden viele moitié prix
        combien heures coûte mitad precio cuánto* cuánta* cuántos horas quantos quanto quantas metade desconto
        preço metà quanti costa hoeveel ile lat kaç половин* сколько цен* скорост* час* bao nhiêu lại berapa 多少
        几个 几小时 几天 三分之一 千米 一半 いくつ 何個 何分 時速 円 合わせて 몇 개를 비율 कितने कितना कितनी रुपये
        आधे प्रतिशत كم ربع نصف سعر""",
    "logic": """
        if then either neither nor implies premise premises conclusion valid invalid deductively statement
        statements true false truth lies liar logically consistent contradiction syllogism follows therefore hence
        given puzzle riddle clue clues deduce infer inference all some none every follow knights knaves liars
        always wenn dann folgt lügt lügner wahr falsch aussage si alors déduire vrai faux énoncé entonces razona
        verdadero falso conclusión então verdadeiro logicamente se allora ragionamento mentitore вывод лжец* лжёт
        следует утвержден* рыцар* 真话 说谎 推理 逻辑 结论 嘘つき 推論 論理 거짓말 추론 निष्कर्ष तर्क सत्य استنتج
        علل منطق بالضرورة""",
    "order": """
        before after earlier later first second third fourth fifth last leftmost rightmost next between left right
        above below taller shorter older oldest youngest tallest fastest älter jünger größer plus mayor detrás
        atrás último старше выше 之前 之后 左边 右边 より""",
    "hypothetical": """
        suppose assume assuming imagine hypothetically would happen happens had were if angenommen würde passieren
        passierte supposons passerait serait arriverait pasaría sucedería supongamos fosse aconteceria suponha
        succederebbe произойд* случит* если предположим 如果 假设 会发生 会怎样 もし どうなる 만약 अगर यदि होगा
        ماذا يحدث لو olsaydı olur""",
    "why": """
        why reason reasons cause causes explain warum wieso weshalb begründe erkläre erklär* pourquoi explique*
        porqué explica* porque perché spiega* waarom dlaczego neden açıkla почему зачем объясни* tại sao mengapa
        jelaskan 为什么 為什麼 解释 解釋 原因 理由 なぜ 説明 왜 이유* 설명* क्यों समझा* व्याख्या لماذا اشرح فسر""",
    "how": """
        how wie comment cómo como come hoe jak nasıl как bagaimana 如何 怎么 怎样 どうやって どうすれば 方法
        어떻게 कैसे كيف""",
    "exam": """
        following options option choose choice answer correct statement best describes likely except select
        alternatives question aussage richtig* richtige bonne réponse cuál siguientes alternativa assinale correta
        corretta yanlış верно правильн* 下列 哪一项 哪项 选项 正确 次のうち どれか 正しい 다음 중 निम्न कथन कौन أي
        مما""",
    "science": """
        student researcher patient experiment reaction acid solution gas cell cells species gene temperature
        pressure friction gravity orbit planet wavelength electron atom molecule enzyme organism hypothesis demand
        supply inflation court contract plaintiff defendant law theory diagnosis treatment symptoms artery
        philosopher economics photosynthesis metal heat electric magnetic isotope resistance resistor erde mond
        enzym* terre lune photosynthèse tierra luna inflación mitocôndria terra gravidade камень кислот* земл*
        地球 物体 重力 能源 水 氷 価格 प्रकाश ध्वनि पृथ्वी الأرض القمر""",
    "classify": """
        classify categorize categorise category categories sentiment label labels topic spam intent duplicate
        duplicates similar same paraphrase entail entailment genre emotion polarity identify detect tag positive
        negative neutral priority sort rate odd group type belongs contradiction formal relevance stimmung positiv
        negativ kategorie ordne klassifizier* classe classer catégorie positif négatif clasifica* sentimiento
        positivo negativo categoría sección classifique sentimento elogio reclamação classifica positiva negativa
        olumlu olumsuz тональност* категори* положительн* 分类 情感 正面 负面 判断 类别 分類 肯定的 否定的 긍정
        부정 분류* 감정* भावना सकारात्मक नकारात्मक वर्गीकृत صنف إيجابي سلبي""",
    "extract": """
        extract list pull fetch name names date dates entities mentioned phone key keywords phrases span retrieve
        find nenne liste extrahier* personennamen extrais extraire extrae extraer nombres extraia estrai elenca
        выпиши извлек* перечисл* 提取 抽取 列出 抽出 抜き出 추출* निकालो निकालिए نكال استخرج اذكر""",
    "summarise": """
        summarize summarise summary summarization summaries tldr tl;dr brief briefly shorten condense gist recap
        headline main point sum zusammenfass* fasse zusammen kurz überschrift résume résumé brièvement resume
        resumen resumir resuma resumo brevemente riassumi riassunto samenvat* streszcz* özetle кратко резюмир*
        изложи перескаж* tóm tắt ringkas 总结 概括 摘要 简要 要約 まとめ 短く 一文で 요약* सारांश संक्षेप सार لخص
        باختصار ملخص""",
    "translate": """
        translate translation translated say english spanish french german chinese japanese italian portuguese
        russian korean arabic hindi dutch turkish polish übersetz* englisch* traduis traduire traduction anglais
        traduce traducir inglés traduza inglês traduci inglese vertaal przetłumacz çevir перевед* английск* dịch
        terjemahkan 翻译 翻譯 英文 翻訳 英語に 訳して 번역* अनुवाद अंग्रेज़ी ترجم الإنجليزية""",
    "correct": """
        correct spelling grammar proofread proof-read punctuation misspelled mistakes typo typos rephrase reword
        paraphrase rewrite shorter polite politer clearer friendlier passive tense plural korrigier*
        rechtschreibung grammatik corrige fautes orthographe ortografía reescreva corrija correggi исправ* ошибк*
        改正 错别字 改写 訂正 言い換え 丁寧に 고쳐* सुधार* صحح""",
    "define": """
        define definition meaning mean means synonym synonyms antonym opposite stand abbreviation called pronounce
        word idiom plural bedeutet bedeutung wort gegenteil signifie contraire sinónimo* sinónimos significa
        contrario oposto synonym* plurale 反义词 近义词 意思 意味 반대말 विलोम अर्थ معنى ضد""",
    "text_given": """
        passage context paragraph article text document information below above sentence sentences email review
        tweet message based according mentioned reference input transcript conversation abstract headline title
        premise satz nachricht bewertung absatz texte phrase avis paragraphe texto frase mensaje párrafo titular
        comentário testo recensione текст* предложен* отзыв* сообщен* 下面 下文 以下 句子 这段 评论 次の文 文章
        レビュー 다음 글 문장 वाक्य नीचे अनुच्छेद النص التعليق الفقرة""",
    "only": """
        only just single one word yes no exactly label short answer simply nur ein ja nein wort seul oui non mot
        solo sí una palabra apenas sim não uma só sì parola только да нет одним словом 一句话 一个词 只 是或否
        一文 一言 はい 한 문장 सिर्फ केवल हाँ एक वाक्य فقط نعم لا جملة واحدة""",
    "fact_wh": """
        what who when where which whose whom name wer wann wo welche* welcher wem quel quelle quels qui quand où
        quién quien cuál cual cuándo dónde qué que quem qual quando onde chi quale dove wie wanneer waar kto kiedy
        gdzie kim hangi nerede ne кто где когда как* что siapa apa kapan ai gì 谁 誰 哪 哪个 什么 什麼 几 何時
        どこ いつ 誰です 何です 何曜日 누구* 언제 어디 무엇 कौन क्या कहाँ कब किसने कौनसा من متى أين ما""",
    "fact_noun": """
        capital born invented founded wrote discovered author president currency population country city river
        mountain lake won built played directed released year king queen largest highest longest oldest smallest
        biggest hauptstadt erfunden gebaut geboren capitale inventé peint montagne inventó fundó montaña escribió
        ganó escreveu maior inventou fondata composto stolica столиц* написал* автор* река основан* изобр* thủ đô
        ibu kota presiden başkenti 首都 作者 最大 最高 最长 发明 首都は 一番 高さ 수도 राजधानी राष्ट्रीय बनवाया
        عاصمة مؤلف""",
    "assistant": """
        account card bank payment order refund ticket flight alarm timer remind reminder playlist transfer balance
        bill call temperature restaurant hotel near nearest weather lights light music volume song shopping parcel
        delivery login password pin atm cash withdraw charged fee declined arrive arrived pending top-up wecker
        wetter licht karte réveille météo lumière virement carte alarma música tarjeta saldo conta cartão
        ricordami sveglia включи свет погода 叫我 闹钟 天气 天気 タイマー 알람 불 꺼줘 अलार्म मौसम ذكرني""",
    "greeting": """
        hi hello hey thanks thank bye morning evening welcome hallo danke bonjour merci hola gracias olá obrigado
        ciao grazie привет спасибо 你好 谢谢 こんにちは ありがとう 안녕 नमस्ते धन्यवाद مرحبا شكرا""",
    "first_person": """
        i i'm i've i'd i'll my me mine we our us ich wir mein* mir je j'ai mon ma mes nous yo mi mis eu meu minha
        io mio mia я мы мой моя 我 我们 私 僕 저는 내 मैं मेरा मेरे मुझे أنا""",
    "second_person": """
        you your you're yours du dein* ihr tu vous votre tú usted você lei ты вы твой 你 您 あなた 당신 आप तुम أنت""",
    "courtesy": """
        please can could would help give tell show let want need bitte kannst könntest peux pouvez s'il favor
        puedes podrías necesito quiero pode preciso quero puoi vorrei пожалуйста можешь нужен помоги 请 請 帮我
        能不能 ください 教えて 해줘 कृपया أريد هل""",
    "past": """
        was were did had went said told gave took came found made got saw left began became war wurde hatte était
        fue era foi stato был была""",
    "person_thing": """
        friend mother father sister brother boss team company customer clients students children kids family wife
        husband school teacher village town house city people""",
}
